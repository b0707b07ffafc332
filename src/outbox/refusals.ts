import { type ErrorCode, SottoError } from "../errors.ts";
import type { Job } from "../model/job.ts";

/** Refused for now: something of the room could not be read, it is stopped, or a person must first look at a member. */
const WAITS_FOR_A_CHANGE = new Set<ErrorCode>([
  "ROOM_MEMBERS_UNKNOWN",
  "ROOM_ENCRYPTION_UNKNOWN",
  "IDENTITY_CHANGED",
  "MEMBER_NOT_ACCEPTED",
  "IDENTITY_NOT_READY",
  "ROOM_EVACUATED",
  "ROOM_BELOW_POLICY",
]);

/** It cannot be encoded, and kept it will not be any better. All `AUDIO_*` say so too. */
const OF_THE_RECORDING = new Set<ErrorCode>(["FFMPEG_FAILED", "STORE_DAMAGED"]);

/**
 * The room or the policy says no, or the recording cannot be encoded, and all of them would say so again. What is wrong
 * with the account, the config or the machine is no word on a message: it waits for a person. What a connector brought
 * waits for the room that replaces its own.
 */
export const isRefusal = (error: SottoError, { state, source }: Pick<Job, "state" | "source">): boolean =>
  (error.exitCode === 1 && !WAITS_FOR_A_CHANGE.has(error.code) && !waitsForSuccessor(error, source)) ||
  error.code.startsWith("AUDIO_") ||
  (state === "accepted" && (OF_THE_RECORDING.has(error.code) || isOurFault(error)));

const waitsForSuccessor = ({ code }: SottoError, source: Job["source"]): boolean =>
  code === "ROOM_REPLACED" && source !== undefined;

/** Our code fails over what is in it; a failure of the system has a code of its own. */
const isOurFault = ({ code, cause }: SottoError): boolean =>
  code === "INTERNAL" && (cause as NodeJS.ErrnoException | undefined)?.code === undefined;

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

/** What a message that had to wait means for whoever waits for one behind it: only the first may have arrived. */
export const forThoseBehind = (cause: SottoError): SottoError =>
  cause.code === "SEND_UNCERTAIN"
    ? new SottoError("HOMESERVER_UNREACHABLE", "a message before it may not have arrived yet", { cause })
    : cause;
