import { randomInt } from "node:crypto";
import { OPUS_SAMPLE_RATE, type OpusStream, opusPacketSamples } from "./ogg.ts";
import { oggChecksum } from "./ogg-checksum.ts";
import { FLAG_FIRST, FLAG_LAST, OggError } from "./ogg-pages.ts";

const PAGE_HEADER_BYTES = 27;
const MAX_SEGMENTS = 255;
/** A page a second: little overhead, and a player can seek by it (RFC 7845 section 6). */
const PAGE_SAMPLES = OPUS_SAMPLE_RATE;

/** What is written: a mono stream at unity gain. */
export type MonoOpus = Pick<OpusStream, "preSkip" | "packets" | "samples">;

interface PageExtent {
  /** Time before its first packet, in samples. */
  begin: number;
  /** Time behind its last one. */
  end: number;
  segments: number;
}

interface HeldPage extends PageExtent {
  packets: Uint8Array[];
}

/** The end of a stream may cut off so much; what comes before it is written while more is still to come. */
const HELD_PAGES = 2;

/**
 * Puts Opus packets, byte for byte, into a fresh Ogg stream that says nothing of where they came from: an empty
 * comment header, a random serial number, 48 kHz as the input's rate, granule positions counted from zero. RFC 7845.
 */
export class OpusWriter {
  readonly #serial = randomInt(2 ** 32);
  readonly #preSkip: number;
  #sequence = 0;
  #held: HeldPage[] = [];

  constructor(preSkip: number) {
    this.#preSkip = preSkip;
  }

  /** The two header pages; the first call of all. */
  begin(): Buffer[] {
    return [this.#page(FLAG_FIRST, 0, [opusHead(this.#preSkip)]), this.#page(0, 0, [opusTags()])];
  }

  /** @returns the pages that are now whole */
  add(packet: Uint8Array): Buffer[] {
    const segments = segmentCount(packet);
    let page = this.#held.at(-1);
    if (!page || isFull(page, segments)) {
      page = { packets: [], begin: page?.end ?? 0, end: page?.end ?? 0, segments: 0 };
      this.#held.push(page);
    }
    page.packets.push(packet);
    page.segments += segments;
    page.end += opusPacketSamples(packet);
    const whole = this.#held.splice(0, this.#held.length - 1 - HELD_PAGES);
    return whole.map(({ packets, end }) => this.#page(0, end, packets));
  }

  /**
   * @param samples playable ones of the whole stream; packets behind them are left out
   * @returns the last pages
   * @throws OggError when packets behind them have been written already
   */
  end(samples: number): Buffer[] {
    const end = this.#preSkip + samples;
    const pages = this.#held.filter(({ begin }) => begin < end);
    const last = pages.at(-1);
    if (!last) throw new OggError("the stream ends before what was written of it");
    for (let behind = last.end; ; ) {
      behind -= opusPacketSamples(last.packets.at(-1)!);
      if (behind < end) break;
      last.packets.pop(); // a decoder would drop it
      last.end = behind;
    }
    return pages.map((page) =>
      this.#page(page === last ? FLAG_LAST : 0, Math.min(page.end, end), page.packets),
    );
  }

  #page(flags: number, granule: number, packets: readonly Uint8Array[]): Buffer {
    return writePage({ flags, granule, serial: this.#serial, sequence: this.#sequence++, packets });
  }
}

const isFull = ({ begin, end, segments }: PageExtent, more: number): boolean =>
  end - begin >= PAGE_SAMPLES || segments + more > MAX_SEGMENTS;

/** How long a stream is that ends behind its last packet, as {@link OpusWriter} writes it. */
export class OpusSize {
  /** Of the two header pages: each with one packet, of 19 and 16 bytes. */
  #bytes = 2 * (PAGE_HEADER_BYTES + 1) + 19 + 16;
  #page: PageExtent = { begin: 0, end: 0, segments: MAX_SEGMENTS };

  /** @returns bytes of the stream with this packet */
  add(packet: Uint8Array): number {
    const segments = segmentCount(packet);
    const { end } = this.#page;
    if (isFull(this.#page, segments)) {
      this.#page = { begin: end, end, segments: 0 };
      this.#bytes += PAGE_HEADER_BYTES;
    }
    this.#page.end += opusPacketSamples(packet);
    this.#page.segments += segments;
    this.#bytes += segments + packet.length;
    return this.#bytes;
  }
}

/** Writes a stream that is there as a whole. */
export function writeOpusStream({ preSkip, packets, samples }: MonoOpus): Uint8Array {
  const writer = new OpusWriter(preSkip);
  const pages = writer.begin();
  let granule = 0;
  for (const packet of packets) {
    if (granule >= preSkip + samples) break;
    pages.push(...writer.add(packet));
    granule += opusPacketSamples(packet);
  }
  pages.push(...writer.end(samples));
  return Buffer.concat(pages);
}

/** RFC 7845 section 5.1: version 1, mono, mapping family 0. */
function opusHead(preSkip: number): Buffer {
  const packet = Buffer.alloc(19);
  packet.write("OpusHead", "latin1");
  packet[8] = 1;
  packet[9] = 1;
  packet.writeUInt16LE(preSkip, 10);
  packet.writeUInt32LE(OPUS_SAMPLE_RATE, 12);
  return packet;
}

/** RFC 7845 section 5.2: an empty vendor string and no comments. */
function opusTags(): Buffer {
  const packet = Buffer.alloc(16);
  packet.write("OpusTags", "latin1");
  return packet;
}

interface PageContent {
  flags: number;
  granule: number;
  serial: number;
  sequence: number;
  packets: readonly Uint8Array[];
}

/** RFC 3533 section 6; every packet begins and ends on its page. */
function writePage({ flags, granule, serial, sequence, packets }: PageContent): Buffer {
  const lacing: number[] = [];
  for (const packet of packets) {
    for (let rest = packet.length; rest >= 255; rest -= 255) lacing.push(255);
    lacing.push(packet.length % 255);
  }
  const header = Buffer.alloc(PAGE_HEADER_BYTES);
  header.write("OggS", "latin1");
  header[5] = flags;
  header.writeBigInt64LE(BigInt(granule), 6);
  header.writeUInt32LE(serial, 14);
  header.writeUInt32LE(sequence, 18);
  header[26] = lacing.length;
  const page = Buffer.concat([header, Buffer.from(lacing), ...packets]);
  page.writeUInt32LE(oggChecksum(page), 22);
  return page;
}

const segmentCount = (packet: Uint8Array): number => Math.floor(packet.length / 255) + 1;
