import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  linkSync,
  lstatSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { isCredential } from "../config/secrets.ts";
import { SottoError } from "../errors.ts";

/** Replaces a file as a whole: mode 0600, on the disk when it returns, never half written. */
export function writePrivateFile(path: string, content: string | Uint8Array): void {
  const temporary = `${path}.${process.pid}.new`;
  try {
    writeDurably(temporary, content);
    renameSync(temporary, path);
    syncFolderOf(path);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw thrown;
  }
}

/** Makes a file that was not there before: whole and on the disk when it returns. Throws `FILE_EXISTS`. */
export function createPrivateFile(path: string, content: string | Uint8Array): void {
  try {
    writeDurably(path, content);
    syncFolderOf(path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") throw exists(path, thrown);
    rmSync(path, { force: true });
    throw thrown;
  }
}

/**
 * As {@link createPrivateFile}, but a process that is killed leaves no part of it under its name.
 *
 * @throws SottoError `FILE_EXISTS`
 */
export function createWholePrivateFile(path: string, content: string | Uint8Array): void {
  const temporary = join(dirname(path), `.${basename(path)}.part`);
  rmSync(temporary, { force: true });
  try {
    writeDurably(temporary, content, (file) => {
      nameOnce(temporary, path);
      // another process may have put its own there before it had the name
      if (lstatSync(path).ino !== fstatSync(file).ino) throw exists(path);
    });
    syncFolderOf(path);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/** A second name replaces nothing; where the file system has no second names, nobody else is meant to be there. */
function nameOnce(temporary: string, path: string): void {
  try {
    linkSync(temporary, path);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") throw exists(path, thrown);
    if (lstatSync(path, { throwIfNoEntry: false })) throw exists(path, thrown);
    renameSync(temporary, path);
  }
}

/**
 * Finds out beforehand whether {@link createPrivateFile} can work.
 *
 * @throws SottoError `FILE_EXISTS`, or `USAGE` without a folder that can be written to
 */
export function requireCreatable(path: string): void {
  const folder = dirname(path);
  try {
    if (!statSync(folder).isDirectory()) throw new Error(`${folder} is not a folder`);
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw new SottoError("USAGE", `${path} cannot be made`, {
      cause,
      cure: `make the folder ${folder} and let this user write to it`,
    });
  }
  // not `existsSync`: a link that leads nowhere is in the way too
  if (lstatSync(path, { throwIfNoEntry: false })) throw exists(path);
}

/**
 * Makes a folder, and those above it, mode 0700. Not Node's own recursion: that never ends where the system says that
 * a folder above is missing and there all the same, as in /proc.
 *
 * @returns the first folder that was made; undefined where all were there
 * @throws SottoError `USAGE`
 */
export function makeFolder(path: string): string | undefined {
  if (isFolder(path)) return undefined;
  const first = makeFolder(dirname(path));
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (cause) {
    if (!isFolder(path)) throw unusableFolder(path, cause);
  }
  return first ?? path;
}

/** Makes it if need be, and a file in it, which goes again: nothing else tells whether that can be done. */
export function requireWritableFolder(path: string): void {
  makeFolder(path);
  const probe = join(path, `.sotto-${process.pid}`);
  try {
    closeSync(openSync(probe, "wx", 0o600));
    rmSync(probe);
  } catch (cause) {
    throw unusableFolder(path, cause);
  }
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

/** A systemd credential shows its access list in the group's bits, and is nobody's but the service's. */
export const isReadByOthers = (path: string): boolean =>
  !isCredential(path) && (statSync(path).mode & 0o077) !== 0;

/** A folder that cannot be made, or in which no file can be made. */
export const unusableFolder = (path: string, cause: unknown): SottoError =>
  new SottoError("USAGE", `${path} cannot be a folder for files`, {
    cause,
    cure: "name a folder that this user may make or write to",
  });

const exists = (path: string, cause?: unknown): SottoError =>
  new SottoError("FILE_EXISTS", `${path} is there already`, { cause });

/** @param written told of the file when all of it is on the disk, before it is closed */
function writeDurably(
  path: string,
  content: string | Uint8Array,
  written: (file: number) => void = () => undefined,
): void {
  const file = openSync(path, "wx", 0o600);
  try {
    const bytes = Buffer.from(content);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
    written(file);
  } finally {
    closeSync(file);
  }
}

/** A file's name lies in its folder: without this, a power cut can take the whole file away again. */
function syncFolderOf(path: string): void {
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
