import { SottoError } from "../errors.ts";
import type { VoiceFacts } from "../model/recording.ts";
import type { InputForm } from "./arguments.ts";
import type { Treatment } from "./care.ts";
import { explain, type FfmpegEnd } from "./complaints.ts";
import { type Encoding, startEncoding } from "./encoding.ts";
import type { FfmpegInput, FfmpegLimits } from "./ffmpeg.ts";
import type { Reading } from "./formats.ts";
import { inItsForm, requireDescriptors } from "./input-form.ts";
import { OggError, OPUS_SAMPLE_RATE, opusDurationMs } from "./ogg.ts";
import { OpusWriter } from "./ogg-writer.ts";
import { startSeveral } from "./several-encoders.ts";
import { tooLong } from "./too-long.ts";
import { TrailingSilence } from "./trailing-silence.ts";
import { TrimmedPackets } from "./trimmed-packets.ts";
import { WAVEFORM_SAMPLE_RATE, WaveformMeter } from "./waveform.ts";

export interface TranscodeOptions extends FfmpegLimits {
  /** Of the clip, in bit/s; 6,000 to 128,000. 32,000 when absent. */
  bitRate?: number;
  /** Ends with `AUDIO_TOO_LARGE` what is longer. Four hours when absent. */
  maxDurationMs?: number;
  /** Told how much of the recording has been encoded. */
  onProgress?: (durationMs: number) => void;
  treatment?: Treatment;
  /** How many ffmpegs share the encoding. One when absent, which decodes as well. */
  encoders?: number;
}

const DEFAULT_BIT_RATE = 32_000;
export const DEFAULT_MAX_DURATION_MS = 4 * 60 * 60_000;
/** The rate is a mean, and pages have headers. */
const OUTPUT_SLACK = 2;
const OUTPUT_SLACK_BYTES = 64 * 1024;
/** A packet's worth: converting the rate takes a few samples at the end. */
const MAX_DIFFERENCE_SECONDS = 0.02;

/**
 * Gives the clip on while it is made. Whether ffmpeg has succeeded is read off what it made, never off its exit code, which
 * is 0 for an M4A that yielded nothing.
 *
 * @throws SottoError `AUDIO_EMPTY`, `AUDIO_NOT_AUDIO`, `AUDIO_TOO_LARGE`, `FFMPEG_*`, `SANDBOX_MISSING`, `TIMEOUT`
 */
export async function* transcode(
  input: FfmpegInput,
  reading: Reading,
  options: TranscodeOptions,
): AsyncGenerator<Uint8Array, Omit<VoiceFacts, "truncated"> & { end: FfmpegEnd }> {
  return yield* inItsForm(input, (form) => run(input, reading, form, options));
}

async function* run(input: FfmpegInput, reading: Reading, form: InputForm, options: TranscodeOptions) {
  const {
    bitRate = DEFAULT_BIT_RATE,
    maxDurationMs = DEFAULT_MAX_DURATION_MS,
    treatment: { filters, trimBelowDb } = { filters: [] },
    encoders = 1,
    onProgress,
    ...limits
  } = options;
  const maxSeconds = maxDurationMs / 1000;
  const maxBytes = (maxSeconds * bitRate * OUTPUT_SLACK) / 8 + OUTPUT_SLACK_BYTES;
  const todo = { input, reading, form, filters, bitRate, maxBytes, limits };
  const encoding = await (encoders > 1 ? startSeveral(todo, encoders) : startEncoding(todo));
  const meter = new WaveformMeter();
  const silence = trimBelowDb === undefined ? undefined : new TrailingSilence(trimBelowDb);
  const trimmed = new TrimmedPackets(silence);
  let isTooLong = false;
  encoding.waveform.on("data", (chunk: Buffer) => {
    meter.addS16le(chunk);
    silence?.addS16le(chunk);
    onProgress?.((meter.samples / WAVEFORM_SAMPLE_RATE) * 1000);
    if (meter.samples <= maxSeconds * WAVEFORM_SAMPLE_RATE) return;
    isTooLong = true;
    encoding.kill();
  });
  try {
    const writer = yield* rewrite(encoding, trimmed);
    const end = await encoding.ended;
    requireDescriptors(end);
    if (isTooLong) throw tooLong(maxSeconds);
    if (!writer) throw nothing(end);
    const decoded = encoding.end();
    const difference = decoded / OPUS_SAMPLE_RATE - meter.samples / WAVEFORM_SAMPLE_RATE;
    if (Math.abs(difference) > MAX_DIFFERENCE_SECONDS) throw new OggError("not what was decoded");
    const { packets, samples } = trimmed.end(decoded, encoding.preSkip());
    if (samples === 0) throw silent();
    const pages = packets.flatMap((packet) => writer.add(packet));
    yield Buffer.concat([...pages, ...writer.end(samples)]);
    const shown = Math.round((samples / OPUS_SAMPLE_RATE) * WAVEFORM_SAMPLE_RATE);
    const waveform = meter.points(Math.min(shown, meter.samples));
    return { durationMs: opusDurationMs({ samples }), waveform, end };
  } catch (error) {
    encoding.kill();
    const end = await encoding.ended; // why it was ended comes first
    if (isTooLong) throw tooLong(maxSeconds);
    if (!(error instanceof OggError)) throw error;
    // one that we have killed for it has a signal, and no reason of its own
    if (typeof end.exit === "number" && end.exit !== 0) throw explain(end);
    throw new SottoError("FFMPEG_FAILED", "ffmpeg did not write a whole Ogg Opus stream", { cause: error });
  } finally {
    // whoever took the chunks may have left; the input must not be closed before it is gone
    encoding.kill();
    await encoding.ended.catch(() => {});
  }
}

/** Keeps the packets, and gives them on in a stream of our own; the last two pages stay behind with the writer. */
async function* rewrite(encoding: Encoding, trimmed: TrimmedPackets) {
  let writer: OpusWriter | undefined;
  for await (const packets of encoding.packets()) {
    if (packets.length === 0) continue;
    const pages: Buffer[] = [];
    if (!writer) {
      writer = new OpusWriter(encoding.preSkip());
      pages.push(...writer.begin());
    }
    for (const packet of trimmed.push(packets, encoding.preSkip())) pages.push(...writer.add(packet));
    if (pages.length === 0) continue;
    encoding.pause();
    yield Buffer.concat(pages);
    encoding.resume();
  }
  return writer;
}

const nothing = (end: FfmpegEnd): SottoError =>
  end.exit === 0 ? new SottoError("AUDIO_EMPTY", "the recording holds no sound") : explain(end);

const silent = (): SottoError =>
  new SottoError("AUDIO_EMPTY", "there is nothing but silence in the recording", {
    cure: "send it without trimming silence",
  });
