import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import { SottoError } from "../errors.ts";
import { createWholeFile, type WholeFile } from "../whole-file.ts";
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

/** A whole file that takes no other's name. */
export async function createUnfinished(path: string): Promise<WholeFile> {
  requireFree(path);
  const whole = await createWholeFile(path).catch((cause) => {
    throw cause.code === "ENOSPC" ? cause : unusableFolder(dirname(path), cause);
  });
  return {
    ...whole,
    async finish(as = path) {
      requireFree(as);
      await whole.finish(as);
    },
    [Symbol.asyncDispose]: () => whole[Symbol.asyncDispose](),
  };
}

// not `existsSync`: a link that leads nowhere is in the way too
function requireFree(path: string): void {
  if (!lstatSync(path, { throwIfNoEntry: false })) return;
  throw new SottoError("FILE_EXISTS", `${path} is there already`);
}
