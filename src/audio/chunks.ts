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
 * Half a second of what comes before a chunk is encoded with it, and dropped: until then an encoder that comes from
 * elsewhere in the recording has come to what one that had heard all of it would do.
 */
const PRE_ROLL_PACKETS = 25;
const PRE_ROLL_BYTES = PRE_ROLL_PACKETS * PACKET_BYTES;

/**
 * Deals PCM out to encoders, chunk by chunk in turn, each with its pre-roll: the end of a chunk goes to the encoder of the
 * next one too.
 *
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
    const left = (chunk + 1) * CHUNK_BYTES - at;
    const isPreRoll = left <= PRE_ROLL_BYTES;
    const part = rest.subarray(0, isPreRoll ? left : left - PRE_ROLL_BYTES);
    yield { encoder: chunk % encoders, part };
    if (isPreRoll) yield { encoder: (chunk + 1) % encoders, part };
    at += part.length;
    rest = rest.subarray(part.length);
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
  }
  // each stream has its end, which is looked at
  for (const queue of queues) for await (const _ of queue.take(Number.POSITIVE_INFINITY));
}

class PacketQueue {
  readonly #source: PacketSource;
  #ready: Uint8Array[] = [];

  constructor(source: PacketSource) {
    this.#source = source;
  }

  /** The next packets, so many if there are. */
  async *take(count: number): AsyncGenerator<Uint8Array[], void> {
    while (count > 0) {
      if (this.#ready.length === 0) {
        const { value, done } = await this.#source.next();
        if (done) return;
        this.#ready = value;
      }
      const packets = this.#ready.splice(0, count);
      count -= packets.length;
      yield packets;
    }
  }
}
