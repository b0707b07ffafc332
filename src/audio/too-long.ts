import { SottoError } from "../errors.ts";

/** `AUDIO_TOO_LARGE`; where it is known how long the recording is, with that number too. */
export const tooLong = (maxSeconds: number, isSeconds?: number): SottoError =>
  new SottoError(
    "AUDIO_TOO_LARGE",
    isSeconds === undefined
      ? `the recording is longer than ${maxSeconds / 60} minutes`
      : `the recording has ${(isSeconds / 60).toFixed(1)} minutes, and audio.maxDuration is ${maxSeconds / 60}`,
    { cure: "shorten the recording, or raise audio.maxDuration" },
  );

/** Throws it by what is known before any work. */
export function requireShort(durationMs: number | undefined, maxDurationMs: number, toleranceMs = 0): void {
  if (durationMs !== undefined && durationMs > maxDurationMs + toleranceMs)
    throw tooLong(maxDurationMs / 1000, durationMs / 1000);
}
