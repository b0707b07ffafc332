import { SottoError } from "../errors.ts";
import type { Foretold, VoiceClip } from "../model/recording.ts";
import { inputArguments } from "./arguments.ts";
import { type FfmpegLimits, runFfmpeg } from "./ffmpeg.ts";
import { OPUS_SAMPLE_RATE, type OpusStream, opusDurationMs } from "./ogg.ts";
import { writeOpusStream } from "./ogg-writer.ts";
import { drawOpus } from "./opus-waveform.ts";
import { WAVEFORM_OUTPUT, WAVEFORM_SAMPLE_RATE, WaveformMeter } from "./waveform.ts";

/** A packet's worth: converting the rate takes a few samples at the end. */
const MAX_MISSING_SECONDS = 0.02;

interface RepackOptions extends FfmpegLimits {
  shortLived?: boolean;
  /** Told what is sent, unless its packets turn out not to decode. */
  foretell?(foretold: Foretold): void;
}

/**
 * Makes a clip of a recording that is Opus already, without encoding it again and without need of ffmpeg: nothing is
 * lost, and minutes take milliseconds. The packets stay byte for byte; the container is written anew, without tags. They
 * are decoded all the same, for the waveform.
 *
 * @returns why it must be encoded, when the stream is anything but plain mono, or not all of its packets decode
 * @throws the signal's reason
 */
export async function repackVoice(
  stream: OpusStream,
  { shortLived = false, foretell, ...limits }: RepackOptions,
): Promise<VoiceClip | string> {
  if (stream.channels !== 1) return `its Opus stream has ${stream.channels} channels`;
  if (stream.mappingFamily !== 0 || stream.outputGain !== 0)
    return "its Opus stream asks for a gain or a mapping of channels";
  const repacked = writeOpusStream(stream);
  foretell?.({ durationMs: opusDurationMs(stream), size: repacked.byteLength });
  const waveform =
    (shortLived && (await drawWithFfmpeg(stream, repacked, limits))) || (await drawOpus(stream, limits));
  if (!waveform) return "not all of its packets decode";
  return { bytes: repacked, durationMs: opusDurationMs(stream), waveform, truncated: false };
}

/** Undefined where there is no ffmpeg, and where it does not manage: this is only the quicker way. */
async function drawWithFfmpeg(
  stream: OpusStream,
  repacked: Uint8Array,
  limits: FfmpegLimits,
): Promise<number[] | undefined> {
  const meter = new WaveformMeter();
  try {
    await runFfmpeg(
      {
        ...limits,
        args: [
          // with the decoder that the thread has: ffmpeg's own draws another curve after transmission has paused
          ...inputArguments({ demuxer: "ogg", options: ["-c:a", "libopus"], decoders: ["libopus"] }, "pipe"),
          ...[...WAVEFORM_OUTPUT, "pipe:1"],
        ],
        input: { chunks: [repacked] },
      },
      (chunk) => meter.addS16le(chunk),
    );
  } catch (error) {
    if (error instanceof SottoError) return undefined;
    throw error;
  }
  // a packet that does not decode is missing here
  const missing = stream.samples / OPUS_SAMPLE_RATE - meter.samples / WAVEFORM_SAMPLE_RATE;
  return missing > MAX_MISSING_SECONDS ? undefined : meter.points();
}
