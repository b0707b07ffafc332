import { SottoError, toSottoError } from "../errors.ts";

/**
 * What a sink throws: an error after which the message is brought again. Only what is known to be of the message itself
 * stays as it is; an error that nobody knows must not lose it.
 */
export function deliveryError(thrown: unknown, signal: AbortSignal): SottoError {
  if (signal.aborted)
    return new SottoError("STOPPED", "the delivery was ended before it was done", { cause: thrown });
  const error = toSottoError(thrown);
  if (error.code !== "INTERNAL") return error;
  // the system's own words hold a path
  const { code = "for an unknown reason" } = thrown as NodeJS.ErrnoException;
  return new SottoError("CONNECTOR_FAILED", `a voice message could not be written (${code})`, {
    cause: thrown,
    cure: "see that the folder is there and that this user may write to it; the message waits and is tried again",
  });
}
