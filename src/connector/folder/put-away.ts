import { lstat, mkdir, rename, rm } from "node:fs/promises";
import { join, parse } from "node:path";
import { SottoError } from "../../errors.ts";
import type { Selection } from "./find.ts";
import type { OpenedFile } from "./opened-file.ts";
import { OpenedFolder } from "./opened-folder.ts";

export type Fate = "taken" | "refused";

/** Where recordings go that we are through with. */
export interface Places {
  selection: Pick<Selection, "root">;
  after: "move" | "leave" | "delete";
  doneFolder: string;
  failedFolder: string;
}

/**
 * Moves or deletes what was taken or refused, unless another file lies there by now. What was not taken is never deleted.
 *
 * @throws SottoError `CONNECTOR_FAILED` where somebody put a link; an error of the file system
 */
export async function putAway(file: OpenedFile, sha256: string, fate: Fate, places: Places): Promise<void> {
  if (places.after === "leave" || !(await file.isInPlace())) return;
  try {
    if (places.after === "delete" && fate === "taken") return await rm(file.place);
    await using folder = await opened(fate === "taken" ? places.doneFolder : places.failedFolder, places);
    await rename(file.place, folder.at(await freeName(folder, file.name, sha256)));
  } catch (error) {
    if (await file.isInPlace()) throw error;
  }
}

/** Made where it is not there. In the watched folder others may have put a link; elsewhere the operator may. */
async function opened(folder: string, { selection: { root } }: Places): Promise<OpenedFolder> {
  await mkdir(folder, { mode: 0o700 }).catch((error) => {
    if (error.code !== "EEXIST") throw error;
  });
  const isBelow = folder.startsWith(join(root, "/"));
  return await OpenedFolder.open(isBelow ? root : folder, folder).catch((error) => {
    if (!isBelow || !["ELOOP", "ENOTDIR"].includes(error.code)) throw error;
    throw new SottoError("CONNECTOR_FAILED", "the folder that recordings are moved to is a link", {
      cure: "put a folder in its place, or name the one that is meant as doneFolder or failedFolder",
    });
  });
}

/** A name of its own for another recording of the same name; where that is there too, it is the same recording. */
async function freeName(folder: OpenedFolder, wanted: string, sha256: string): Promise<string> {
  const isFree = await lstat(folder.at(wanted)).then(
    () => false,
    () => true,
  );
  const { name, ext } = parse(wanted);
  return isFree ? wanted : `${name}-${sha256.slice(0, 12)}${ext}`;
}
