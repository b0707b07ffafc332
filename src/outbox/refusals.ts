import { type ErrorCode, isPassing, SottoError } from "../errors.ts";
import type { Job } from "../model/job.ts";

/** Refused for now: something of the room could not be read, or a person must first look at a member. */
const WAITS_FOR_A_CHANGE = new Set<ErrorCode>([
  "ROOM_MEMBERS_UNKNOWN",
  "ROOM_ENCRYPTION_UNKNOWN",
  "IDENTITY_CHANGED",
  "MEMBER_NOT_ACCEPTED",
]);

/**
 * The room or the policy says no, or the recording cannot be encoded, and all of them would say so again. What a connector
 * brought waits for the room that replaces its own.
 */
export const isRefusal = (error: SottoError, { state, source }: Pick<Job, "state" | "source">): boolean =>
  !(error.code === "ROOM_REPLACED" && source !== undefined) &&
  (((error.exitCode === 1 || error.exitCode === 2) && !WAITS_FOR_A_CHANGE.has(error.code)) ||
    (state === "accepted" && !isPassing(error) && error.code !== "INTERNAL"));

/** @throws SottoError `SEND_UNCERTAIN` for a message that may have reached its room, `USAGE` for one that has */
export function requireUnsent({ jobId, state }: Job): void {
  if (state === "sent") {
    throw new SottoError("USAGE", `message ${jobId} was sent: it is not in the queue`, {
      cure: "remove it in the room, with any client",
    });
  }
  if (state === "encrypted")
    throw new SottoError("SEND_UNCERTAIN", `message ${jobId} may have reached its room already`);
}
