import { type ErrorCode, isPassing, type SottoError } from "../errors.ts";
import type { Job } from "../model/job.ts";

/** Refused for now: something of the room could not be read, or a person must first look at a member. */
const WAITS_FOR_A_CHANGE = new Set<ErrorCode>([
  "ROOM_MEMBERS_UNKNOWN",
  "ROOM_ENCRYPTION_UNKNOWN",
  "IDENTITY_CHANGED",
  "MEMBER_NOT_ACCEPTED",
]);

/** The room or the policy says no, or the recording cannot be encoded, and all of them would say so again. */
export const isRefusal = (error: SottoError, { state }: Pick<Job, "state">): boolean =>
  ((error.exitCode === 1 || error.exitCode === 2) && !WAITS_FOR_A_CHANGE.has(error.code)) ||
  (state === "accepted" && !isPassing(error) && error.code !== "INTERNAL");
