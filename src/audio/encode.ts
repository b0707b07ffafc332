import { Readable } from "node:stream";
import { SottoError } from "../errors.ts";
import { type RawFormat, rawBytesPerSecond } from "../model/raw-format.ts";
import type { AudioSource, Foretold, VoiceClip, VoiceFacts, VoiceStream } from "../model/recording.ts";
import type { SoundCare } from "../model/sound-care.ts";
import { asksFor, requirePossible, treatmentFor } from "./care.ts";
import { complaintsOfDamage, type FfmpegEnd } from "./complaints.ts";
import { LATENESS_MS } from "./declared.ts";
import { type Reading, rawReading, readingOf } from "./formats.ts";
import { countedAsUnderWay, freeEncoders, seemingMs } from "./free-encoders.ts";
import { type AudioInput, openInput } from "./input.ts";
import { opusDurationMs } from "./ogg.ts";
import { DEFAULT_MAX_HELD_BYTES, readReady } from "./ready.ts";
import { repackVoice } from "./repack.ts";
import { requireShort } from "./too-long.ts";
import { DEFAULT_MAX_DURATION_MS, type TranscodeOptions, transcode } from "./transcode.ts";

export interface EncodeOptions extends Omit<TranscodeOptions, "treatment" | "encoders"> {
  /** What the recording is, where it has no header; else its content tells. */
  raw?: RawFormat;
  /** What is done for its sound; nothing when absent. Then it is encoded anew in any case. */
  care?: SoundCare;
  /** What may be held in memory of a stream that ffmpeg must seek in, or read twice. 512 MiB when absent. */
  maxHeldBytes?: number;
  /**
   * The process ends with this recording. Then ffmpeg draws the waveform of one that is ready, where there is an
   * ffmpeg: it is done before a thread has started.
   */
  shortLived?: boolean;
  /**
   * How many ffmpegs share the encoding. When absent, as many as there are cores, up to four, if it seems to be longer than
   * two minutes and nothing else is encoded; else one.
   */
  encoders?: number;
}

/** How long it was before silence was taken away; its bytes and its last page tell of most cuts. */
const UNKNOWN = Number.POSITIVE_INFINITY;

/** What may be ready before anybody takes it: a minute. Behind that, the encoder waits. */
const AHEAD_BYTES = 256 * 1024;

/**
 * Makes a clip of a recording in any format that is known by its content: Ogg Opus, mono, 48 kHz, without any metadata,
 * with its exact duration and its waveform. One that holds such packets already, in Ogg or elsewhere, keeps them.
 *
 * The encoding begins at once and stays a little ahead of whoever takes the clip; no more of it is held. The recording
 * exists in memory and in pipes only, but for a file that the caller names.
 *
 * Taking it throws SottoError `AUDIO_UNREADABLE`, `AUDIO_EMPTY`, `AUDIO_NOT_AUDIO`, `AUDIO_TOO_LARGE`, `FFMPEG_MISSING`,
 * `FFMPEG_FAILED`, `SANDBOX_MISSING`, `TIMEOUT`; the signal's reason; an error of the source's stream as it is. What was
 * taken until then is worth nothing.
 */
export function encodeVoice(source: AudioSource, options: EncodeOptions = {}): VoiceStream {
  const facts = Promise.withResolvers<VoiceFacts>();
  facts.promise.catch(() => {}); // whoever takes the chunks is told too
  const foretold = Promise.withResolvers<Foretold>();
  const leaving = new AbortController();
  const signal = AbortSignal.any([leaving.signal, ...(options.signal ? [options.signal] : [])]);
  async function* encoded(): AsyncGenerator<Uint8Array, void> {
    facts.resolve(yield* encode(source, { ...options, signal, foretell: foretold.resolve }));
  }
  const chunks = Readable.from(encoded(), { objectMode: false, highWaterMark: AHEAD_BYTES });
  const destroy = chunks._destroy;
  // before the generator is asked to end: it may be waiting for a source that is silent
  chunks._destroy = (error, done) => {
    const reason = error ?? new SottoError("STOPPED", "nobody took the whole clip");
    facts.reject(reason); // no word where it has settled
    foretold.resolve({});
    leaving.abort(reason);
    destroy.call(chunks, error, done);
  };
  chunks.on("error", () => {}); // whoever takes them is told
  chunks.read(0);
  return { chunks, facts: facts.promise, foretold: foretold.promise };
}

type Telling = EncodeOptions & { foretell(foretold: Foretold): void };

async function* encode(source: AudioSource, options: Telling): AsyncGenerator<Uint8Array, VoiceFacts> {
  const { signal, care = {}, raw, maxDurationMs = DEFAULT_MAX_DURATION_MS, foretell } = options;
  signal?.throwIfAborted();
  requirePossible(care);
  const input = await openInput(source, options);
  try {
    const declaredMs = raw ? rawMs(input, raw) : input.declaredMs;
    if (!care.trimSilence) requireShort(declaredMs, maxDurationMs, LATENESS_MS);
    const clip = await repack(input, options);
    if (typeof clip === "string") {
      foretell(declaredMs === undefined || care.trimSilence ? {} : { durationMs: declaredMs });
      return { ...(yield* decodeAndEncode(input, options)), encodedBecause: clip };
    }
    const { bytes, ...facts } = clip;
    yield bytes;
    return facts;
  } finally {
    await input.close();
  }
}

/** The recording's own packets, or why they cannot be sent as they are. */
async function repack(input: AudioInput, options: Telling): Promise<VoiceClip | string> {
  if (asksFor(options.care ?? {})) return "care for its sound was asked for";
  if (options.raw) return "it is not Opus";
  const ready = await readReady(input, options);
  if (typeof ready === "string") return ready;
  requireShort(opusDurationMs(ready), options.maxDurationMs ?? DEFAULT_MAX_DURATION_MS);
  return repackVoice(ready, options);
}

const rawMs = ({ size }: AudioInput, raw: RawFormat): number | undefined =>
  size === undefined ? undefined : (size / rawBytesPerSecond(raw)) * 1000;

async function* decodeAndEncode(
  input: AudioInput,
  { raw, maxHeldBytes = DEFAULT_MAX_HELD_BYTES, shortLived: _, foretell: __, care = {}, ...options }: Telling,
): AsyncGenerator<Uint8Array, VoiceFacts> {
  const reading = raw ? rawReading(raw) : readingOf(input.format);
  if (!reading) throw unknown(raw);
  const isReadTwice = care.loudnessLufs !== undefined;
  const forFfmpeg = await input.forFfmpeg(reading.seeks === true || isReadTwice, maxHeldBytes);
  const treatment = await treatmentFor(care, forFfmpeg, reading, options);
  const { encoders = freeEncoders(raw ? rawMs(input, raw) : seemingMs(input)) } = options;
  const encoding = transcode(forFfmpeg, reading, { ...options, treatment, encoders });
  const { end, ...facts } = yield* countedAsUnderWay(encoding);
  const isDamaged = end.exit !== 0 || complainsOf(reading, end);
  const truncated =
    isDamaged || (!raw && (await input.isCutShort(care.trimSilence ? UNKNOWN : facts.durationMs)));
  return { ...facts, truncated };
}

/** Of an MP3 that is whole, ffmpeg complains too, where something else than sound stands behind it. */
const complainsOf = ({ demuxer }: Reading, end: FfmpegEnd): boolean =>
  demuxer !== "mp3" && complaintsOfDamage(end) !== "";

const unknown = (raw: RawFormat | undefined): SottoError =>
  raw
    ? new SottoError("USAGE", "there is no such raw format", { cure: "name one such as s16le:8000:1" })
    : new SottoError("AUDIO_NOT_AUDIO", "this is no recording that Sotto knows", {
        cause: "no format of docs/audio-formats.md begins like this",
      });
