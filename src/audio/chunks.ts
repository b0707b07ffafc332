import { OPUS_SAMPLE_RATE } from "./ogg.ts";

/** What several encoders are given is 16-bit PCM, mono, at Opus' own rate. */
export const SAMPLE_BYTES = 2;
/** 20 ms. */
export const PACKET_SAMPLES = OPUS_SAMPLE_RATE / 50;
const PACKET_BYTES = PACKET_SAMPLES * SAMPLE_BYTES;

/** Ten seconds. */
const CHUNK_PACKETS = 500;
export const CHUNK_BYTES = CHUNK_PACKETS * PACKET_BYTES;
/**
 * What comes before a chunk is encoded with it, and dropped: until then an encoder that comes from elsewhere in the
 * recording has come to what one that had heard all of it would do.
 */
const PRE_ROLL_PACKETS = 25;
/**
 * So is what comes behind it, which fades out as the next pre-roll fades in. A jump would be a sound of all frequencies:
 * for seconds, the encoder would spend bits on those that the recording does not have.
 */
const POST_ROLL_PACKETS = 1;

/** How loud a packet's sample is, from 0 to 1. */
type Fade = (sample: number) => number;
const fadeIn: Fade = (sample) => Math.sin(((sample + 0.5) / PACKET_SAMPLES) * (Math.PI / 2)) ** 2;
const fadeOut: Fade = (sample) => 1 - fadeIn(sample);

/** Stretches of a chunk by their ends, and the other chunk that gets them too. */
const STRETCHES: readonly { endPackets: number; other?: 1 | -1; fade?: Fade }[] = [
  { endPackets: POST_ROLL_PACKETS, other: -1, fade: fadeOut },
  { endPackets: CHUNK_PACKETS - PRE_ROLL_PACKETS },
  { endPackets: CHUNK_PACKETS - PRE_ROLL_PACKETS + 1, other: 1, fade: fadeIn },
  { endPackets: CHUNK_PACKETS, other: 1 },
];

/**
 * Deals PCM out to encoders, chunk by chunk in turn, each with what belongs before and behind it.
 *
 * @param piece whole samples
 * @param at bytes before this piece
 * @param encoders two or more
 */
export function* deal(
  piece: Uint8Array,
  at: number,
  encoders: number,
): Generator<{ encoder: number; part: Uint8Array }> {
  for (let rest = piece; rest.length > 0; ) {
    const chunk = Math.floor(at / CHUNK_BYTES);
    const within = at % CHUNK_BYTES;
    const { endPackets, other, fade } = STRETCHES.find(
      ({ endPackets }) => within < endPackets * PACKET_BYTES,
    )!;
    const part = rest.subarray(0, endPackets * PACKET_BYTES - within);
    yield { encoder: chunk % encoders, part };
    if (other && chunk + other >= 0)
      yield { encoder: (chunk + other) % encoders, part: fade ? faded(part, at, fade) : part };
    at += part.length;
    rest = rest.subarray(part.length);
  }
}

function faded(pcm: Uint8Array, at: number, fade: Fade): Uint8Array {
  const copy = Buffer.from(pcm);
  for (let byte = 0; byte < copy.length; byte += SAMPLE_BYTES) {
    const sample = ((at + byte) / SAMPLE_BYTES) % PACKET_SAMPLES;
    copy.writeInt16LE(Math.round(copy.readInt16LE(byte) * fade(sample)), byte);
  }
  return copy;
}

/** The same bytes, never cut within a sample. */
export async function* inWholeSamples(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let half: Uint8Array = new Uint8Array();
  for await (const piece of pieces) {
    const bytes = half.length > 0 ? Buffer.concat([half, piece]) : piece;
    const end = bytes.length - (bytes.length % SAMPLE_BYTES);
    half = bytes.subarray(end);
    yield bytes.subarray(0, end);
  }
}

/** The packets of one encoder. */
export type PacketSource = AsyncIterator<Uint8Array[], void>;

/**
 * Puts together again what was dealt out. An encoder makes one packet of 20 ms, and one more at its end for what it was
 * late: so it has more than a pre-roll to give if, and only if, the whole recording has a packet there.
 */
export async function* inOrder(encoders: readonly PacketSource[]): AsyncGenerator<Uint8Array[], void> {
  const queues = encoders.map((packets) => new PacketQueue(packets));
  for (let chunk = 0; ; chunk++) {
    const queue = queues[chunk % queues.length]!;
    if (chunk > 0) for await (const _ of queue.take(PRE_ROLL_PACKETS));
    let taken = 0;
    for await (const packets of queue.take(CHUNK_PACKETS)) {
      taken += packets.length;
      yield packets;
    }
    if (taken < CHUNK_PACKETS) break;
    for await (const _ of queue.take(POST_ROLL_PACKETS));
  }
  // each stream has its end, which is looked at
  for (const queue of queues) for await (const _ of queue.take(Number.POSITIVE_INFINITY));
}

class PacketQueue {
  readonly #source: PacketSource;
  #ready: Uint8Array[] = [];
  /** Asked for at once: what nobody has begun to read is thrown away when its process ends. */
  #coming: ReturnType<PacketSource["next"]>;

  constructor(source: PacketSource) {
    this.#source = source;
    this.#coming = this.#next();
  }

  /** The next packets, so many if there are. */
  async *take(count: number): AsyncGenerator<Uint8Array[], void> {
    while (count > 0) {
      if (this.#ready.length === 0) {
        const { value, done } = await this.#coming;
        if (done) return;
        this.#ready = value;
        this.#coming = this.#next();
      }
      const packets = this.#ready.splice(0, count);
      count -= packets.length;
      yield packets;
    }
  }

  #next(): ReturnType<PacketSource["next"]> {
    const coming = this.#source.next();
    coming.catch(() => {}); // whoever takes them is told
    return coming;
  }
}
