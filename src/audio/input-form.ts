import type { InputForm } from "./arguments.ts";
import { type FfmpegEnd, knowsNoDescriptors } from "./complaints.ts";
import type { FfmpegInput } from "./ffmpeg.ts";
import { findFfmpeg } from "./find-program.ts";

/** Versions of ffmpeg, by path, that cannot be given an open file by number. */
const olderFfmpegs = new Set<string>();

class NoDescriptors extends Error {}

/** Called with how each ffmpeg ended, before that is judged. */
export function requireDescriptors(end: FfmpegEnd): void {
  if (knowsNoDescriptors(end)) throw new NoDescriptors();
}

/**
 * Runs ffmpeg with its input in the form that this version takes; what it is found to be is remembered for the process.
 *
 * @param run calls {@link requireDescriptors} before it has given anything on
 * @throws SottoError `FFMPEG_MISSING`; what `run` throws
 */
export async function* inItsForm<Chunk, Result>(
  input: FfmpegInput,
  run: (form: InputForm) => AsyncGenerator<Chunk, Result>,
): AsyncGenerator<Chunk, Result> {
  const program = await findFfmpeg();
  if (!("fd" in input)) return yield* run("pipe");
  if (!olderFfmpegs.has(program)) {
    try {
      return yield* run("fd");
    } catch (error) {
      if (!(error instanceof NoDescriptors)) throw error;
      olderFfmpegs.add(program); // which has read nothing yet
    }
  }
  return yield* run("path");
}
