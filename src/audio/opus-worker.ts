import { setImmediate as letOthersRun } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { OpusDecoder } from "opus-decoder";
import { WAVEFORM_SAMPLE_RATE, WaveformMeter } from "./waveform.ts";

/** What the thread is asked: the waveform of one mono Opus stream. */
export interface WaveformRequest {
  id: number;
  /** The packets, one behind the other. */
  bytes: Uint8Array;
  /** Bytes of each packet. */
  sizes: Uint32Array;
  /** First sample that is heard, at {@link WAVEFORM_SAMPLE_RATE}. */
  begin: number;
  /** The one behind the last. */
  end: number;
}

/** Without a waveform when the decoder refused the stream. */
export interface WaveformAnswer {
  id: number;
  waveform?: number[];
}

/** Ten seconds, as most people send them. Then another recording has its turn. */
const PACKETS_A_TURN = 500;

// the decoder writes to the console what it refuses; the answer says it
Object.assign(console, { error: () => undefined });

parentPort!.on("message", async (request: WaveformRequest) => {
  const waveform = await draw(request);
  parentPort!.postMessage({ id: request.id, ...(waveform && { waveform }) } satisfies WaveformAnswer);
});

/** Each recording has an instance of its own: what a hostile one does to the decoder's memory ends with it. */
async function draw({ bytes, sizes, begin, end }: WaveformRequest): Promise<number[] | undefined> {
  const decoder = new OpusDecoder({ channels: 1, sampleRate: WAVEFORM_SAMPLE_RATE });
  await decoder.ready;
  const meter = new WaveformMeter();
  let offset = 0;
  let decoded = 0;
  for (let index = 0; index < sizes.length && decoded < end; index++) {
    const packet = bytes.subarray(offset, offset + sizes[index]!);
    offset += packet.length;
    const samples = decode(decoder, packet);
    if (!samples) return undefined;
    meter.addFloat(samples.subarray(Math.max(0, begin - decoded), end - decoded));
    decoded += samples.length;
    if (index % PACKETS_A_TURN === PACKETS_A_TURN - 1) await letOthersRun();
  }
  return decoded < end ? undefined : meter.points();
}

/** Undefined when the packet is malformed, or larger than the decoder takes (256 kbit/s for 120 ms). */
function decode(decoder: OpusDecoder<8000>, packet: Uint8Array): Float32Array | undefined {
  try {
    const { channelData, errors } = decoder.decodeFrame(packet);
    return errors.length > 0 ? undefined : channelData[0];
  } catch {
    return undefined;
  }
}
