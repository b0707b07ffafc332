import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, statfs, unlink } from "node:fs/promises";
import { join } from "node:path";
import { SottoError } from "../errors.ts";

/** A file system in memory, as Linux has it. */
export const SHARED_MEMORY = "/dev/shm";

/** Of the room that is free: others need some too. */
const SHARE = 0.5;

/**
 * Holds what ffmpeg must go back and forth in. Plaintext must not touch a disk: this file is in memory, and loses its
 * name before the first byte is written.
 *
 * @param maxBytes the limit of the job; the room that is free is another
 * @throws SottoError `AUDIO_TOO_LARGE`, `AUDIO_UNREADABLE`; an error of the chunks as it is
 */
export async function holdInMemory(chunks: AsyncIterable<Uint8Array>, maxBytes: number): Promise<FileHandle> {
  const room = await freeRoom();
  const path = join(SHARED_MEMORY, `sotto-${randomUUID()}`);
  const flags = constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW;
  const file = await open(path, flags, 0o600).catch((cause) => {
    throw noRoom(cause);
  });
  try {
    await unlink(path);
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (bytes > maxBytes) {
        throw new SottoError("AUDIO_TOO_LARGE", `the recording has more than ${megabytes(maxBytes)}`, {
          cure: "give it as a file, or in a format that can be read as it comes",
        });
      }
      if (bytes > room) throw noRoom(`more than ${megabytes(room)} of it came`);
      await writeAt(file, chunk, bytes - chunk.byteLength);
    }
    return file;
  } catch (error) {
    await file.close();
    throw (error as NodeJS.ErrnoException).code === "ENOSPC" ? noRoom("no space left") : error;
  }
}

/** Leaves the file's own position at its beginning, from which whoever gets the descriptor reads. */
async function writeAt(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < chunk.byteLength; ) {
    const { bytesWritten } = await file.write(chunk, done, chunk.byteLength - done, position + done);
    done += bytesWritten;
  }
}

/** Bytes that a recording may take there. Throws `AUDIO_UNREADABLE` where there is no such file system. */
export async function freeRoom(): Promise<number> {
  const { bavail, bsize } = await statfs(SHARED_MEMORY).catch((cause) => {
    throw noRoom(cause);
  });
  return bavail * bsize * SHARE;
}

const megabytes = (bytes: number): string => `${Math.floor(bytes / 1024 ** 2)} MiB`;

// Node's own message holds the path
const noRoom = (cause: unknown): SottoError =>
  new SottoError(
    "AUDIO_UNREADABLE",
    `a recording of this kind is read whole, and does not fit into ${SHARED_MEMORY}`,
    {
      cause: typeof cause === "string" ? cause : (cause as NodeJS.ErrnoException).code,
      cure: "give the recording as a file",
    },
  );
