import { type FileHandle, lstat, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/** A file of mode 0600 that has not its name yet; without `finish`, nothing is left of it. */
export interface WholeFile extends AsyncDisposable {
  readonly file: FileHandle;
  /** Where it is until then. */
  readonly path: string;
  /** Gives it its name, durably; what had it before is replaced. Another name of the same folder, where `as` says so. */
  finish(as?: string): Promise<void>;
}

/** What a process that was killed has left of it is replaced; two at once of one path are not meant. */
export async function createWholeFile(path: string): Promise<WholeFile> {
  const temporary = join(dirname(path), `.${basename(path)}.part`);
  await rm(temporary, { force: true });
  const file = await open(temporary, "wx+", 0o600);
  let isFinished = false;
  return {
    file,
    path: temporary,
    async finish(as = path) {
      await file.sync();
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

/** The same for what fits in memory. */
export async function writeWholeFile(path: string, content: string | Uint8Array): Promise<void> {
  await using whole = await createWholeFile(path);
  await whole.file.writeFile(content);
  await whole.finish();
}

/** A file's name lies in its folder: without this, a power cut can take the whole file away again. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, "r");
  await folder.sync();
}

/** A link that leads nowhere is there too. */
export async function isThere(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
