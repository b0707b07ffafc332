import { SottoError } from "../errors.ts";
import { readCafOpus } from "./caf.ts";
import type { FfmpegInput, FfmpegLimits } from "./ffmpeg.ts";
import { readingOf } from "./formats.ts";
import type { AudioInput } from "./input.ts";
import { mp4HoldsOpus } from "./mp4-codec.ts";
import { OggError, type OpusStream, readOpusStream } from "./ogg.ts";
import { remuxOpus, reopened } from "./remux.ts";

/** Opus up to this size is repacked in memory; at 32 kbit/s these are two hours. */
export const REPACK_MAX_BYTES = 32 * 1024 * 1024;
export const DEFAULT_MAX_HELD_BYTES = 512 * 1024 * 1024;

type Limits = FfmpegLimits & { maxHeldBytes?: number };

/**
 * Takes the Opus packets out of a recording that has them: Ogg and CAF are read here, WebM, Matroska and MP4 by an ffmpeg
 * that decodes nothing.
 *
 * @returns why there are none that can be sent: it holds anything else, or is cut, damaged or odd in any way
 * @throws SottoError `AUDIO_TOO_LARGE`, `AUDIO_UNREADABLE`; the signal's reason; an error of the source's stream
 */
export async function readReady(input: AudioInput, limits: Limits): Promise<OpusStream | string> {
  const { format } = input;
  if (format.codec === "opus") return whole(input, readOpusStream);
  if (format.extension === "caf" && (await holds(input, "opus", CAF_FORMAT_AT)))
    return whole(input, readCafOpus);
  if (MATROSKA.includes(format.extension) && (await holds(input, "A_OPUS"))) {
    const bytes = await input.readWhole(REPACK_MAX_BYTES);
    return bytes ? remuxed(input, { chunks: [bytes] }, limits) : TOO_LONG;
  }
  return MP4.includes(format.extension) ? readMp4(input, limits) : NOT_OPUS;
}

const NOT_OPUS = "it is not Opus";
const TOO_LONG = "it is longer than what is kept in memory";
const MATROSKA = ["webm", "mka"];
const MP4 = ["m4a", "mov"];
/** In the description, which comes first. */
const CAF_FORMAT_AT = 28;

/** RFC 9559 section 27: Matroska names the codec in clear, in its tracks, which come before the sound. */
async function holds(input: AudioInput, name: string, at?: number): Promise<boolean> {
  const beginning = Buffer.from(await input.beginning());
  return at === undefined ? beginning.includes(name) : beginning.indexOf(name, at) === at;
}

async function whole(
  input: AudioInput,
  read: (bytes: Uint8Array) => OpusStream,
): Promise<OpusStream | string> {
  const bytes = await input.readWhole(REPACK_MAX_BYTES);
  try {
    return bytes ? read(bytes) : TOO_LONG;
  } catch (error) {
    if (error instanceof OggError) return `its Opus stream is not whole and plain: ${error.message}`;
    throw error;
  }
}

async function readMp4(input: AudioInput, limits: Limits): Promise<OpusStream | string> {
  const held = await input.forFfmpeg(true, limits.maxHeldBytes ?? DEFAULT_MAX_HELD_BYTES);
  // ffmpeg moves the position of a descriptor, and may have to read this one again
  const file = "fd" in held && (await reopened(held.fd));
  if (!file) return NOT_OPUS;
  try {
    return (await mp4HoldsOpus(file)) ? await remuxed(input, { fd: file.fd }, limits) : NOT_OPUS;
  } finally {
    await file.close();
  }
}

/** Whatever speaks against it is said again, and then for good, by the ffmpeg that decodes. */
async function remuxed(
  { format }: AudioInput,
  source: FfmpegInput,
  limits: Limits,
): Promise<OpusStream | string> {
  try {
    return await remuxOpus(source, readingOf(format)!, limits);
  } catch (error) {
    limits.signal?.throwIfAborted();
    if (error instanceof OggError || error instanceof SottoError)
      return "its Opus packets cannot be taken out of it as they are";
    throw error;
  }
}
