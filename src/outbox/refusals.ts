import type { ErrorCode, SottoError } from "../errors.ts";
import type { Job } from "../model/job.ts";

/** Refused for now: something of the room could not be read, or a person must first look at a member. */
const WAITS_FOR_A_CHANGE = new Set<ErrorCode>([
  "ROOM_MEMBERS_UNKNOWN",
  "ROOM_ENCRYPTION_UNKNOWN",
  "IDENTITY_CHANGED",
  "MEMBER_NOT_ACCEPTED",
  "IDENTITY_NOT_READY",
]);

/** It cannot be encoded, and kept it will not be any better. All `AUDIO_*` say so too. */
const OF_THE_RECORDING = new Set<ErrorCode>(["FFMPEG_FAILED", "STORE_DAMAGED"]);

/**
 * The room or the policy says no, or the recording cannot be encoded, and all of them would say so again. What is wrong
 * with the account, the config or the machine is no word on a message: it waits for a person.
 */
export const isRefusal = (error: SottoError, { state }: Pick<Job, "state">): boolean =>
  (error.exitCode === 1 && !WAITS_FOR_A_CHANGE.has(error.code)) ||
  error.code.startsWith("AUDIO_") ||
  (state === "accepted" && (OF_THE_RECORDING.has(error.code) || isOurFault(error)));

/** Our code fails over what is in it; a failure of the system has a code of its own. */
const isOurFault = ({ code, cause }: SottoError): boolean =>
  code === "INTERNAL" && (cause as NodeJS.ErrnoException | undefined)?.code === undefined;
