import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { Readable } from "node:stream";
import { SottoError } from "../errors.ts";
import type { AudioSource } from "../model/recording.ts";
import { DECLARED_BYTES, declaredBy, isCutShort, playsMs, TAIL_BYTES } from "./declared.ts";
import { DEFAULT_TIME_LIMIT_MS, type FfmpegInput, type FfmpegLimits } from "./ffmpeg.ts";
import { holdInMemory } from "./memory-file.ts";
import {
  type AudioFormat,
  FIRST_SNIFF_BYTES,
  id3End,
  SNIFF_BYTES,
  sniffAudio,
  sniffBehindTag,
} from "./sniff.ts";

/** A recording that was opened and looked at: `beginning` and `readWhole` first, then `forFfmpeg`. */
export interface AudioInput {
  readonly format: AudioFormat;
  /** How long it plays by its header, in ms; undefined where that says nothing, and where nothing speaks for it. */
  readonly declaredMs: number | undefined;
  /** Bytes, where that was known before it was read. */
  readonly size: number | undefined;
  /** What its format is told by and more, behind an ID3 tag; of a stream, it waits for so much. */
  beginning(): Promise<Uint8Array>;
  /** All of it, or undefined when there is more than `maxBytes`. */
  readWhole(maxBytes: number): Promise<Uint8Array | undefined>;
  /**
   * The same bytes for ffmpeg, from the beginning; once, but for an open file, which is the same each time.
   *
   * @param seeks whether it must go back and forth in them
   * @param maxBytes what may be held in memory for that
   */
  forFfmpeg(seeks: boolean, maxBytes: number): Promise<FfmpegInput>;
  /** Whether there was more than what was read, of which so much was heard. */
  isCutShort(durationMs: number): Promise<boolean>;
  /** Only when ffmpeg has ended. */
  close(): Promise<void>;
}

/** Only such a stream is known by more than its first bytes. ISO/IEC 13818-1 section 2.4.3.2. */
const TRANSPORT_STREAM_SYNC = 0x47;
const HEAD_BYTES = Math.max(DECLARED_BYTES, SNIFF_BYTES);
/** An ID3 tag with a picture is shorter; behind a longer one, MP3 is taken for granted where nobody can look ahead. */
const MAX_TAG_BYTES = 4 * 1024 ** 2;

/**
 * Opens a recording wherever it is. A stream that falls silent for longer than the time limit is given up: `TIMEOUT`.
 *
 * @throws SottoError `AUDIO_UNREADABLE`, `AUDIO_EMPTY`; the signal's reason
 */
export async function openInput(source: AudioSource, limits: FfmpegLimits): Promise<AudioInput> {
  if ("path" in source) return openFile(source.path);
  const { stream, size } =
    "bytes" in source ? { stream: Readable.from([source.bytes]), size: source.bytes.byteLength } : source;
  try {
    return await openStream(stream, size, limits);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}

/**
 * A file is handed over as a descriptor, so that its name never reaches ffmpeg: it may look like an option or a URL.
 */
async function openFile(path: string): Promise<AudioInput> {
  const file = await openForReading(path);
  const read = async (position: number, length: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  };
  try {
    const { size } = await file.stat();
    const beginning = await read(0, HEAD_BYTES);
    if (beginning.length === 0) throw empty();
    const tagEnd = id3End(beginning);
    const head = await read(tagEnd, HEAD_BYTES);
    const format = look(tagEnd, head);
    return {
      format,
      declaredMs: playsMs(declaredBy(format, head), size),
      size,
      beginning: async () => head,
      async readWhole(maxBytes) {
        return size > maxBytes ? undefined : await read(0, size);
      },
      async forFfmpeg() {
        return { fd: file.fd };
      },
      async isCutShort(durationMs) {
        const tail = await read(Math.max(0, size - TAIL_BYTES), Math.min(size, TAIL_BYTES));
        return isCutShort(declaredBy(format, head), { bytes: size, durationMs, tail });
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

const look = (tagEnd: number, sound: Uint8Array): AudioFormat =>
  tagEnd > 0 ? sniffBehindTag(sound) : sniffAudio(sound);

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

async function openStream(
  stream: Readable,
  size: number | undefined,
  { signal, timeLimitMs = DEFAULT_TIME_LIMIT_MS }: FfmpegLimits,
): Promise<AudioInput> {
  const stop = (): void => {
    stream.destroy(signal?.reason);
  };
  signal?.addEventListener("abort", stop);
  stream.once("close", () => signal?.removeEventListener("abort", stop));
  const rest: AsyncIterator<Uint8Array> = stream[Symbol.asyncIterator]();
  const next = () => unlessSilent(rest.next(), timeLimitMs);
  /** What was read ahead and not yet given away. */
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  const holdUntil = async (length: number): Promise<void> => {
    while (heldBytes < length) {
      const { value, done } = await next();
      if (done) return;
      held.push(value);
      heldBytes += value.byteLength;
    }
  };

  await holdUntil(FIRST_SNIFF_BYTES);
  if (heldBytes === 0) throw empty();
  const tagEnd = id3End(Buffer.concat(held));
  await holdUntil(Math.min(tagEnd, MAX_TAG_BYTES) + FIRST_SNIFF_BYTES);
  if (held[0]![0] === TRANSPORT_STREAM_SYNC) await holdUntil(SNIFF_BYTES);
  const came = Buffer.concat(held).subarray(tagEnd);
  const format = look(tagEnd, came);

  let bytes = 0;
  /** Behind the tag. */
  let head: Uint8Array = new Uint8Array();
  let tail: Uint8Array = new Uint8Array();
  const count = (chunk: Uint8Array): Uint8Array => {
    if (head.length < HEAD_BYTES && bytes + chunk.length > tagEnd)
      head = Buffer.concat([head, chunk.subarray(Math.max(0, tagEnd - bytes), tagEnd + HEAD_BYTES)]);
    if (format.extension === "ogg") tail = lastOf(tail, chunk);
    bytes += chunk.byteLength;
    return chunk;
  };
  async function* everything(): AsyncGenerator<Uint8Array> {
    for (const chunk of held) yield count(chunk);
    held = [];
    for (let read = await next(); !read.done; read = await next()) yield count(read.value);
  }

  let spool: FileHandle | undefined;
  return {
    format,
    // recorders that write into a pipe put there what they like
    declaredMs: size === undefined ? undefined : playsMs(declaredBy(format, came), size),
    size,
    async beginning() {
      await holdUntil(tagEnd + HEAD_BYTES);
      return Buffer.concat(held).subarray(tagEnd, tagEnd + HEAD_BYTES);
    },
    async readWhole(maxBytes) {
      await holdUntil(maxBytes + 1);
      return heldBytes > maxBytes ? undefined : Buffer.concat(held, heldBytes);
    },
    async forFfmpeg(seeks, maxBytes) {
      if (!seeks) return { chunks: everything() };
      spool ??= await holdInMemory(everything(), maxBytes);
      return { fd: spool.fd };
    },
    isCutShort: async (durationMs) => isCutShort(declaredBy(format, head), { bytes, durationMs, tail }),
    async close() {
      stream.destroy();
      await spool?.close();
    },
  };
}

/** Its own promise may never settle; whoever waits closes the input, which ends the stream. */
async function unlessSilent<T>(reading: Promise<T>, limitMs: number): Promise<T> {
  const silence = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    silence.reject(new SottoError("TIMEOUT", `the recording brought nothing for ${limitMs / 1000} s`));
  }, limitMs).unref();
  try {
    return await Promise.race([reading, silence.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const lastOf = (tail: Uint8Array, chunk: Uint8Array): Uint8Array =>
  chunk.length >= TAIL_BYTES
    ? chunk.subarray(-TAIL_BYTES)
    : Buffer.concat([tail.subarray(-(TAIL_BYTES - chunk.length)), chunk]);

const empty = (): SottoError => new SottoError("AUDIO_EMPTY", "the recording has no bytes");

const REASONS: Record<string, string> = {
  ENOENT: "no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  EISDIR: "it is a directory",
};

// Node's own message holds the path
const reasonOf = (error: unknown): string => {
  const { code = "unknown" } = error as NodeJS.ErrnoException;
  return REASONS[code] ?? code;
};
