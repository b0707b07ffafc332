import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { isOurs, isOursAlone } from "../../config/data-directory.ts";
import { SottoError } from "../../errors.ts";

/** The kernel's limit for a Unix socket's path, with the closing zero (`sun_path`, unix(7)); macOS has 104. */
const MAX_PATH_BYTES = 103;

/**
 * Where the holder of a data directory listens: inside it, or beside the temporary files if that path is too long.
 * Throws `STORE_UNUSABLE` if the place there is not ours: everybody can make it, and whoever listens there is handed
 * recordings.
 */
export function controlSocketPath(dataDirectory: string): string {
  const path = join(resolve(dataDirectory), "control.sock");
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
  const directory = join(tmpdir(), `sotto-${userInfo().uid}`);
  try {
    mkdirSync(directory, { mode: 0o700 });
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== "EEXIST")
      throw unusable(directory, "cannot be made", thrown);
  }
  const stats = lstatSync(directory);
  if (!stats.isDirectory() || !isOursAlone(stats, 0o077)) {
    throw unusable(directory, "is not a directory of this user alone");
  }
  return join(directory, `${createHash("sha256").update(path).digest("hex").slice(0, 24)}.sock`);
}

/** Whoever listens is handed recordings. A socket that is not there is nobody's. Throws `STORE_UNUSABLE`. */
export function requireOwnSocket(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats && !isOurs(stats)) throw unusable(path, "belongs to another user");
}

const unusable = (path: string, what: string, cause?: unknown): SottoError =>
  new SottoError("STORE_UNUSABLE", `${path} ${what}`, {
    cause,
    cure: "remove it, or run Sotto as the user whom the data directory belongs to",
  });
