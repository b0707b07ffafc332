import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { SottoError } from "../errors.ts";

/** Replaces a file as a whole: mode 0600, on the disk when it returns, never half written. */
export function writePrivateFile(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeDurably(temporary, content, "wx");
    renameSync(temporary, path);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw thrown;
  }
}

/** Makes a file that was not there before. Throws `FILE_EXISTS`. */
export function createPrivateFile(path: string, content: string | Uint8Array): void {
  try {
    writeDurably(path, content, "wx");
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") {
      throw new SottoError("FILE_EXISTS", `${path} is there already`, { cause: thrown });
    }
    throw thrown;
  }
}

function writeDurably(path: string, content: string | Uint8Array, flags: string): void {
  const file = openSync(path, flags, 0o600);
  try {
    const bytes = Buffer.from(content);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
