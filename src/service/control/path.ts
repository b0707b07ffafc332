import { createHash } from "node:crypto";
import { mkdirSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";

/** The kernel's limit for a Unix socket's path, with the closing zero (`sun_path`, unix(7)); macOS has 104. */
const MAX_PATH_BYTES = 103;

/** Where the holder of a data directory listens: inside it, or beside the temporary files if that path is too long. */
export function controlSocketPath(dataDirectory: string): string {
  const path = join(resolve(dataDirectory), "control.sock");
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
  const directory = join(tmpdir(), `sotto-${userInfo().uid}`);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  return join(directory, `${createHash("sha256").update(path).digest("hex").slice(0, 24)}.sock`);
}
