import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";

/** One name for each file, whatever links lead to it: what is locked is beside the file itself. */
export function realPath(path: string): string {
  const absolute = resolve(path);
  try {
    return realpathSync(absolute);
  } catch {
    return inRealFolder(absolute); // the file will be created
  }
}

function inRealFolder(path: string): string {
  try {
    return join(realpathSync(dirname(path)), basename(path));
  } catch {
    return path; // there is no folder: opening will say so
  }
}
