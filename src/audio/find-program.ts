import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { SottoError } from "../errors.ts";

/** The first program of this name on the PATH. */
export async function findProgram(name: string): Promise<string | undefined> {
  // one that is relative would mean another program in another directory
  for (const folder of (process.env.PATH ?? "").split(delimiter).filter(isAbsolute)) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

/**
 * The ffmpeg to run: `$SOTTO_FFMPEG`, else the first `ffmpeg` on the PATH.
 *
 * @returns its path
 * @throws SottoError `FFMPEG_MISSING`
 */
export async function findFfmpeg(): Promise<string> {
  const named = process.env.SOTTO_FFMPEG;
  if (named) {
    if (await isExecutable(named)) return resolve(named);
    throw new SottoError("FFMPEG_MISSING", "$SOTTO_FFMPEG names no program", {
      cure: "let $SOTTO_FFMPEG name an ffmpeg with libopus, or unset it",
    });
  }
  const found = await findProgram("ffmpeg");
  if (found) return found;
  throw new SottoError("FFMPEG_MISSING", "there is no ffmpeg on the PATH");
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
