import { SottoError } from "../errors.ts";
import type { VoiceFacts } from "../model/recording.ts";
import { type InputForm, inputArguments, outputArguments } from "./arguments.ts";
import type { Treatment } from "./care.ts";
import { explain, type FfmpegEnd } from "./complaints.ts";
import { type FfmpegInput, type FfmpegLimits, type RunningFfmpeg, startFfmpeg } from "./ffmpeg.ts";
import type { Reading } from "./formats.ts";
import { inItsForm, requireDescriptors } from "./input-form.ts";
import { OggError, OPUS_SAMPLE_RATE, OpusReader, opusDurationMs } from "./ogg.ts";
import { OpusWriter } from "./ogg-writer.ts";
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
}

const DEFAULT_BIT_RATE = 32_000;
export const DEFAULT_MAX_DURATION_MS = 4 * 60 * 60_000;
/** The rate is a mean, and pages have headers. */
const OUTPUT_SLACK = 2;
const OUTPUT_SLACK_BYTES = 64 * 1024;
/** A packet's worth: converting the rate takes a few samples at the end. */
const MAX_DIFFERENCE_SECONDS = 0.02;

/**
 * One ffmpeg, two outputs: the clip, which is given on while it is made, and PCM for the waveform. Whether it has
 * succeeded is read off the stream that it made, never off its exit code, which is 0 for an M4A that yielded nothing.
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
    treatment = { filters: [] },
    onProgress,
    ...limits
  } = options;
  const ffmpeg = await startFfmpeg({
    ...limits,
    args: [...inputArguments(reading, form), ...outputArguments(bitRate, treatment.filters)],
    input,
    secondOutput: true,
  });
  const maxSeconds = maxDurationMs / 1000;
  const meter = new WaveformMeter();
  const { trimBelowDb } = treatment;
  const silence = trimBelowDb === undefined ? undefined : new TrailingSilence(trimBelowDb);
  const trimmed = new TrimmedPackets(silence);
  let isTooLong = false;
  ffmpeg.secondOutput!.on("data", (chunk: Buffer) => {
    meter.addS16le(chunk);
    silence?.addS16le(chunk);
    onProgress?.((meter.samples / WAVEFORM_SAMPLE_RATE) * 1000);
    if (meter.samples <= maxSeconds * WAVEFORM_SAMPLE_RATE) return;
    isTooLong = true;
    ffmpeg.kill();
  });
  const reader = new OpusReader();
  try {
    const maxBytes = (maxSeconds * bitRate * OUTPUT_SLACK) / 8 + OUTPUT_SLACK_BYTES;
    const writer = yield* rewrite(ffmpeg, reader, trimmed, maxBytes);
    const end = await ffmpeg.ended;
    requireDescriptors(end);
    if (isTooLong) throw tooLong(maxSeconds);
    if (!writer) throw nothing(end);
    const decoded = reader.end();
    const difference = decoded / OPUS_SAMPLE_RATE - meter.samples / WAVEFORM_SAMPLE_RATE;
    if (Math.abs(difference) > MAX_DIFFERENCE_SECONDS) throw new OggError("not what was decoded");
    const { packets, samples } = trimmed.end(decoded, reader.head!.preSkip);
    if (samples === 0) throw silent();
    const pages = packets.flatMap((packet) => writer.add(packet));
    yield Buffer.concat([...pages, ...writer.end(samples)]);
    const shown = Math.round((samples / OPUS_SAMPLE_RATE) * WAVEFORM_SAMPLE_RATE);
    const waveform = meter.points(Math.min(shown, meter.samples));
    return { durationMs: opusDurationMs({ samples }), waveform, end };
  } catch (error) {
    ffmpeg.kill();
    const end = await ffmpeg.ended; // why it was ended comes first
    if (isTooLong) throw tooLong(maxSeconds);
    if (!(error instanceof OggError)) throw error;
    // one that we have killed for it has a signal, and no reason of its own
    if (typeof end.exit === "number" && end.exit !== 0) throw explain(end);
    throw new SottoError("FFMPEG_FAILED", "ffmpeg did not write a whole Ogg Opus stream", { cause: error });
  } finally {
    // whoever took the chunks may have left; the input must not be closed before it is gone
    ffmpeg.kill();
    await ffmpeg.ended.catch(() => {});
  }
}

/** Keeps the packets, and gives them on in a stream of our own; the last two pages stay behind with the writer. */
async function* rewrite(
  ffmpeg: RunningFfmpeg,
  reader: OpusReader,
  trimmed: TrimmedPackets,
  maxBytes: number,
) {
  let writer: OpusWriter | undefined;
  let bytes = 0;
  for await (const chunk of ffmpeg.output as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new OggError("more than the recording can have");
    const packets = reader.push(chunk);
    const pages: Buffer[] = [];
    if (packets.length > 0 && !writer) {
      writer = new OpusWriter(reader.head!.preSkip);
      pages.push(...writer.begin());
    }
    for (const packet of trimmed.push(packets, reader.head?.preSkip ?? 0)) pages.push(...writer!.add(packet));
    if (pages.length === 0) continue;
    ffmpeg.clock.pause();
    yield Buffer.concat(pages);
    ffmpeg.clock.resume();
  }
  return writer;
}

const nothing = (end: FfmpegEnd): SottoError =>
  end.exit === 0 ? new SottoError("AUDIO_EMPTY", "the recording holds no sound") : explain(end);

const silent = (): SottoError =>
  new SottoError("AUDIO_EMPTY", "there is nothing but silence in the recording", {
    cure: "send it without trimming silence",
  });
