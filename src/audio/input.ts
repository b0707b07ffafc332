import { randomUUID } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { SottoError } from "../errors.ts";
import type { AudioSource } from "../model/recording.ts";
import type { FfmpegInput } from "./ffmpeg.ts";
import { type AudioFormat, SNIFF_BYTES, sniffAudio } from "./sniff.ts";

/** A recording that was opened and looked at. Each way of reading it serves once, `readWhole` before `forFfmpeg`. */
export interface AudioInput {
  readonly format: AudioFormat;
  /** All of it, or undefined when there is more than `maxBytes`. */
  readWhole(maxBytes: number): Promise<Uint8Array | undefined>;
  /** The same bytes for ffmpeg, from the beginning. */
  forFfmpeg(): Promise<FfmpegInput>;
  /** Only when ffmpeg has ended. */
  close(): Promise<void>;
}

/**
 * Opens a recording wherever it is.
 *
 * @param signal ends the wait for a stream that falls silent; its reason is then what reading throws
 * @throws SottoError `AUDIO_UNREADABLE`, `AUDIO_EMPTY`
 */
export function openInput(source: AudioSource, signal?: AbortSignal): Promise<AudioInput> {
  if ("path" in source) return openFile(source.path);
  if ("bytes" in source) return openStream(Readable.from([source.bytes]), signal);
  return openStream(source.stream, signal);
}

/**
 * A file is handed over as a descriptor, so that its name never reaches ffmpeg: it may look like an option or a URL.
 */
async function openFile(path: string): Promise<AudioInput> {
  const file = await openForReading(path);
  try {
    const { size } = await file.stat();
    const { buffer, bytesRead } = await file.read(Buffer.alloc(SNIFF_BYTES), 0, SNIFF_BYTES, 0);
    if (bytesRead === 0) throw empty();
    return {
      format: sniffAudio(buffer.subarray(0, bytesRead)),
      async readWhole(maxBytes) {
        if (size > maxBytes) return undefined;
        const { buffer: bytes, bytesRead: length } = await file.read(Buffer.alloc(size), 0, size, 0);
        return bytes.subarray(0, length);
      },
      async forFfmpeg() {
        return { fd: file.fd };
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openForReading(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    // without O_NONBLOCK, opening a named pipe would wait for its writer
    file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw new SottoError("AUDIO_UNREADABLE", "the recording cannot be opened", { cause: reasonOf(error) });
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new SottoError("AUDIO_UNREADABLE", "the recording is not a file", {
    cure: "name a file, or give the recording on standard input",
  });
}

async function openStream(stream: Readable, signal?: AbortSignal): Promise<AudioInput> {
  const stop = (): void => {
    stream.destroy(signal?.reason);
  };
  signal?.addEventListener("abort", stop);
  stream.once("close", () => signal?.removeEventListener("abort", stop));
  const rest: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  /** What was read ahead and not yet given away. */
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const holdUntil = async (bytes: number): Promise<void> => {
    while (heldBytes < bytes) {
      const { value, done } = await rest.next();
      if (done) return;
      held.push(value);
      heldBytes += value.byteLength;
    }
  };
  async function* everything(): AsyncGenerator<Uint8Array> {
    yield* held;
    held = [];
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  }

  await holdUntil(SNIFF_BYTES);
  if (heldBytes === 0) throw empty();
  const format = sniffAudio(Buffer.concat(held));
  let spool: FileHandle | undefined;
  return {
    format,
    async readWhole(maxBytes) {
      await holdUntil(maxBytes + 1);
      return heldBytes > maxBytes ? undefined : Buffer.concat(held, heldBytes);
    },
    async forFfmpeg() {
      // the index of an MP4 may stand at its end, and a pipe cannot be read twice
      if (format.mimetype !== "audio/mp4") return { chunks: everything() };
      spool = await spoolInMemory(everything());
      return { fd: spool.fd };
    },
    async close() {
      stream.destroy();
      await spool?.close();
    },
  };
}

/** A file system in memory, as Linux has it. */
const SHARED_MEMORY = "/dev/shm";

/** Plaintext must not touch a disk; this file is in memory and loses its name before the first byte is written. */
async function spoolInMemory(chunks: AsyncIterable<Uint8Array>): Promise<FileHandle> {
  const path = join(SHARED_MEMORY, `sotto-${randomUUID()}`);
  const file = await open(path, "wx+", 0o600).catch((error) => {
    throw onlyAsFile(error);
  });
  try {
    await unlink(path);
    for await (const chunk of chunks) await file.writeFile(chunk);
    return file;
  } catch (error) {
    await file.close();
    throw (error as NodeJS.ErrnoException).code === "ENOSPC" ? onlyAsFile(error) : error;
  }
}

const onlyAsFile = (error: unknown): SottoError =>
  new SottoError("AUDIO_UNREADABLE", `an MP4 is read whole, and does not fit into ${SHARED_MEMORY}`, {
    cause: reasonOf(error),
    cure: "give the recording as a file",
  });

const empty = (): SottoError => new SottoError("AUDIO_EMPTY", "the recording has no bytes");

const REASONS: Record<string, string> = {
  ENOENT: "no such file",
  ENOSPC: "no space left",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a directory",
};

// Node's own message holds the path
const reasonOf = (error: unknown): string => {
  const { code = "unknown" } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? code;
};
