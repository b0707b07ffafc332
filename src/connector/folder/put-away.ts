import { lstat, mkdir, rename, rm } from "node:fs/promises";
import { basename, join, parse } from "node:path";
import type { OpenedFile } from "./opened-file.ts";

export type Fate = "taken" | "refused";

/** Where recordings go that we are through with. */
export interface Places {
  after: "move" | "leave" | "delete";
  doneFolder: string;
  failedFolder: string;
}

/**
 * Moves or deletes what was taken or refused, unless another file lies there by now. What was not taken is never deleted.
 *
 * @throws an error of the file system
 */
export async function putAway(file: OpenedFile, sha256: string, fate: Fate, places: Places): Promise<void> {
  if (places.after === "leave" || !(await file.isInPlace())) return;
  try {
    if (places.after === "delete" && fate === "taken") return await rm(file.path);
    const folder = fate === "taken" ? places.doneFolder : places.failedFolder;
    await rename(file.path, await freeName(folder, file.path, sha256));
  } catch (error) {
    if (await file.isInPlace()) throw error;
  }
}

/** A name of its own for another recording of the same name; where that is there too, it is the same recording. */
async function freeName(folder: string, path: string, sha256: string): Promise<string> {
  await mkdir(folder, { mode: 0o700 }).catch((error) => {
    if (error.code !== "EEXIST") throw error;
  });
  const wanted = join(folder, basename(path));
  const isFree = await lstat(wanted).then(
    () => false,
    () => true,
  );
  const { name, ext } = parse(wanted);
  return isFree ? wanted : join(folder, `${name}-${sha256.slice(0, 12)}${ext}`);
}
