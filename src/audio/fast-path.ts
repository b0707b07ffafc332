import { setImmediate } from "node:timers/promises";
import type { VoiceClip } from "../model/recording.ts";
import { OggError, OPUS_SAMPLE_RATE, type OpusStream, opusDurationMs, readOpusStream } from "./ogg.ts";
import { writeOpusStream } from "./ogg-writer.ts";
import { WAVEFORM_SAMPLE_RATE, WaveformMeter } from "./waveform.ts";

/** Packets decoded between two turns of the event loop: a second of sound, some milliseconds of work. */
const PACKETS_PER_TURN = 50;

/**
 * Makes a clip of a recording that is Opus in Ogg already, without encoding it again: nothing is lost, and a minute
 * takes milliseconds. The packets stay byte for byte; the container is written anew, without tags.
 *
 * @returns undefined when the recording is anything but a single sane mono stream: then it must be encoded
 */
export async function repackVoice(bytes: Uint8Array, signal?: AbortSignal): Promise<VoiceClip | undefined> {
  const stream = readMonoStream(bytes);
  if (!stream) return undefined;
  const waveform = await drawWaveform(stream, signal);
  return waveform && { bytes: writeOpusStream(stream), durationMs: opusDurationMs(stream), waveform };
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

/** Undefined when a packet does not decode. */
async function drawWaveform(stream: OpusStream, signal?: AbortSignal): Promise<number[] | undefined> {
  // loading and compiling it takes some 30 ms, so only those wait for it who need it
  const { OpusDecoder } = await import("opus-decoder");
  const decoder = new OpusDecoder({ channels: 1, sampleRate: WAVEFORM_SAMPLE_RATE });
  await decoder.ready;
  try {
    const meter = new WaveformMeter();
    const ratio = WAVEFORM_SAMPLE_RATE / OPUS_SAMPLE_RATE;
    let skip = Math.round(stream.preSkip * ratio);
    let wanted = Math.round(stream.samples * ratio);
    for (let first = 0; first < stream.packets.length; first += PACKETS_PER_TURN) {
      if (first > 0) await setImmediate();
      signal?.throwIfAborted();
      const { channelData, errors } = decoder.decodeFrames(
        stream.packets.slice(first, first + PACKETS_PER_TURN),
      );
      if (errors.length > 0) return undefined;
      const pcm = channelData[0]!.subarray(skip, skip + wanted);
      skip -= Math.min(skip, channelData[0]!.length);
      wanted -= pcm.length;
      meter.addFloat(pcm);
    }
    return meter.points();
  } finally {
    decoder.free();
  }
}
