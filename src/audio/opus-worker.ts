import { setImmediate as letOthersRun } from "node:timers/promises";
import { parentPort } from "node:worker_threads";
import { OpusDecoder } from "opus-decoder";
import { toS16le, WAVEFORM_SAMPLE_RATE, WaveformMeter } from "./waveform.ts";

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

/** The thread is asked for the sound of the next packets of the one stream that it decodes so. */
export interface SoundRequest {
  id: number;
  bytes: Uint8Array;
  sizes: Uint32Array;
}

/** Without a waveform, or sound, when the decoder refused the stream. */
export interface Answer {
  id: number;
  waveform?: number[];
  /** 16-bit little-endian mono at {@link WAVEFORM_SAMPLE_RATE}. */
  sound?: Uint8Array;
}

/** Ten seconds, as most people send them. Then another recording has its turn. */
const PACKETS_A_TURN = 500;

// the decoder writes to the console what it refuses; the answer says it
Object.assign(console, { error: () => undefined });

parentPort!.on("message", async (request: WaveformRequest | SoundRequest) => {
  const { id } = request;
  if ("end" in request) {
    const waveform = await draw(request);
    parentPort!.postMessage({ id, ...(waveform && { waveform }) } satisfies Answer);
    return;
  }
  const sound = await goOn(request);
  const moved = sound ? [sound.buffer as ArrayBuffer] : [];
  parentPort!.postMessage({ id, ...(sound && { sound }) } satisfies Answer, moved);
});

let going: OpusDecoder<8000> | undefined;

async function goOn({ bytes, sizes }: SoundRequest): Promise<Uint8Array | undefined> {
  going ??= new OpusDecoder({ channels: 1, sampleRate: WAVEFORM_SAMPLE_RATE });
  await going.ready;
  const sounds: Uint8Array[] = [];
  for (const packet of packetsIn(bytes, sizes)) {
    const samples = decode(going, packet);
    if (!samples) return undefined;
    sounds.push(toS16le(samples));
  }
  const whole = new Uint8Array(sounds.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const sound of sounds) {
    whole.set(sound, at);
    at += sound.length;
  }
  return whole;
}

function* packetsIn(bytes: Uint8Array, sizes: Uint32Array): Generator<Uint8Array> {
  let offset = 0;
  for (const size of sizes) {
    yield bytes.subarray(offset, offset + size);
    offset += size;
  }
}

/** Each recording has an instance of its own: what a hostile one does to the decoder's memory ends with it. */
async function draw({ bytes, sizes, begin, end }: WaveformRequest): Promise<number[] | undefined> {
  const decoder = new OpusDecoder({ channels: 1, sampleRate: WAVEFORM_SAMPLE_RATE });
  await decoder.ready;
  const meter = new WaveformMeter();
  let decoded = 0;
  let index = 0;
  for (const packet of packetsIn(bytes, sizes)) {
    if (decoded >= end) break;
    const samples = decode(decoder, packet);
    if (!samples) return undefined;
    meter.addFloat(samples.subarray(Math.max(0, begin - decoded), end - decoded));
    decoded += samples.length;
    if (++index % PACKETS_A_TURN === 0) await letOthersRun();
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
