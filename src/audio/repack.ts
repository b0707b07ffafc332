import type { VoiceClip } from "../model/recording.ts";
import { type FfmpegLimits, runFfmpeg } from "./ffmpeg.ts";
import { OggError, type OpusStream, opusDurationMs, readOpusStream } from "./ogg.ts";
import { writeOpusStream } from "./ogg-writer.ts";
import { WAVEFORM_OUTPUT, WaveformMeter } from "./waveform.ts";

/**
 * Makes a clip of a recording that is Opus in Ogg already, without encoding it again: nothing is lost, and minutes
 * take milliseconds. The packets stay byte for byte; the container is written anew, without tags. They are decoded
 * all the same, for the waveform.
 *
 * @returns undefined when the recording is anything but a single sane mono stream: then it must be encoded
 * @throws SottoError as `runFfmpeg` does
 */
export async function repackVoice(bytes: Uint8Array, limits: FfmpegLimits): Promise<VoiceClip | undefined> {
  const stream = readMonoStream(bytes);
  if (!stream) return undefined;
  const repacked = writeOpusStream(stream);
  const meter = new WaveformMeter();
  await runFfmpeg({
    ...limits,
    args: ["-f", "ogg", "-protocol_whitelist", "pipe", "-i", "pipe:0", ...WAVEFORM_OUTPUT, "pipe:1"],
    input: { chunks: [repacked] },
    onStdout: (chunk) => meter.addS16le(chunk),
  });
  return { bytes: repacked, durationMs: opusDurationMs(stream), waveform: meter.points() };
}

function readMonoStream(bytes: Uint8Array): OpusStream | undefined {
  try {
    const stream = readOpusStream(bytes);
    const isPlainMono = stream.channels === 1 && stream.mappingFamily === 0 && stream.outputGain === 0;
    return isPlainMono ? stream : undefined;
  } catch (error) {
    if (error instanceof OggError) return undefined;
    throw error;
  }
}
