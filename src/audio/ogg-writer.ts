import { randomInt } from "node:crypto";
import { OPUS_SAMPLE_RATE, type OpusStream, opusPacketSamples } from "./ogg.ts";
import { oggChecksum } from "./ogg-checksum.ts";

const PAGE_HEADER_BYTES = 27;
const MAX_SEGMENTS = 255;
const FLAG_FIRST = 0x02;
const FLAG_LAST = 0x04;
/** A page a second: little overhead, and a player can seek by it (RFC 7845 section 6). */
const PAGE_SAMPLES = OPUS_SAMPLE_RATE;

/** What is written: a mono stream at unity gain. */
export type MonoOpus = Pick<OpusStream, "preSkip" | "packets" | "samples">;

/**
 * Puts Opus packets, byte for byte, into a fresh Ogg stream that says nothing of where they came from: an empty
 * comment header, a random serial number, 48 kHz as the input's rate, granule positions counted from zero. RFC 7845.
 *
 * @returns the whole stream
 */
export function writeOpusStream({ preSkip, packets, samples }: MonoOpus): Uint8Array {
  const serial = randomInt(2 ** 32);
  const pages: Buffer[] = [];
  const addPage = (flags: number, granule: number, content: readonly Uint8Array[]): void => {
    pages.push(writePage({ flags, granule, serial, sequence: pages.length, packets: content }));
  };
  addPage(FLAG_FIRST, 0, [opusHead(preSkip)]);
  addPage(0, 0, [opusTags()]);

  const end = preSkip + samples;
  let granule = 0;
  let pageStart = 0;
  let segments = 0;
  let held: Uint8Array[] = [];
  for (const packet of packets) {
    if (granule >= end) break; // a decoder would drop the rest
    const needed = segmentCount(packet);
    if (held.length > 0 && (granule - pageStart >= PAGE_SAMPLES || segments + needed > MAX_SEGMENTS)) {
      addPage(0, granule, held);
      [held, segments, pageStart] = [[], 0, granule];
    }
    held.push(packet);
    segments += needed;
    granule += opusPacketSamples(packet);
  }
  addPage(FLAG_LAST, Math.min(granule, end), held);
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
