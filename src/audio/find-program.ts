import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, isAbsolute, join, resolve } from "node:path";
import { SottoError } from "../errors.ts";

/** By name and PATH. Asking in every folder for every recording would cost milliseconds. */
const found = new Map<string, string>();

/** The first program of this name on the PATH; the same again as long as it is there. */
export async function findProgram(name: string): Promise<string | undefined> {
  const { PATH = "" } = process.env;
  const key = [name, PATH].join(delimiter);
  const known = found.get(key);
  if (known && (await isExecutable(known))) return known;
  // one that is relative would mean another program in another directory
  for (const folder of PATH.split(delimiter).filter(isAbsolute)) {
    const path = join(folder, name);
    if (!(await isExecutable(path))) continue;
    found.set(key, path);
    return path;
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
  const onPath = await findProgram("ffmpeg");
  if (onPath) return onPath;
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
