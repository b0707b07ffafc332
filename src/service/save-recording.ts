import { lstatSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { SottoError } from "../errors.ts";
import { unusableFolder } from "./private-file.ts";

/**
 * Writes a recording to a file of mode 0600, which has its name only once it is whole and on the disk. What a process
 * that was killed has left of it is replaced.
 *
 * @throws SottoError `FILE_EXISTS`, `USAGE` for a folder that takes no file; an error of the chunks or of the file system as it is
 */
export async function saveRecording(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  await using unfinished = await createUnfinished(path);
  for await (const chunk of chunks) await unfinished.file.writeFile(chunk);
  await unfinished.finish();
}

/** A file that has not its name yet; without `finish`, nothing is left of it. */
export interface UnfinishedFile extends AsyncDisposable {
  readonly file: FileHandle;
  /** Where it is until then. */
  readonly path: string;
  /** Gives it its name, durably; another one of the same folder, where `as` says so. */
  finish(as?: string): Promise<void>;
}

export async function createUnfinished(path: string): Promise<UnfinishedFile> {
  requireFree(path);
  const temporary = join(dirname(path), `.${basename(path)}.part`);
  const file = await make(temporary).catch((cause) => {
    throw cause.code === "ENOSPC" ? cause : unusableFolder(dirname(path), cause);
  });
  let isFinished = false;
  return {
    file,
    path: temporary,
    async finish(as = path) {
      await file.sync();
      requireFree(as);
      await rename(temporary, as);
      isFinished = true;
      await syncFolder(dirname(as));
    },
    async [Symbol.asyncDispose]() {
      await file.close();
      if (!isFinished) await rm(temporary, { force: true });
    },
  };
}

async function make(path: string): Promise<FileHandle> {
  await rm(path, { force: true });
  return open(path, "wx+", 0o600);
}

// not `existsSync`: a link that leads nowhere is in the way too
function requireFree(path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })) return;
  throw new SottoError("FILE_EXISTS", `${path} is there already`);
}

/** A file's name lies in its folder: without this, a power cut can take the whole file away again. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
