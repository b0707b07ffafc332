/**
 * Reads Ogg Opus strictly: one logical stream, every checksum right, every granule position accounted for. What is
 * odd in any way is refused with an {@link OggError}, and left to a decoder that forgives.
 * Ogg: RFC 3533. Opus in Ogg: RFC 7845. Opus packets: RFC 6716.
 */

import { oggChecksum } from "./ogg-checksum.ts";

/** Why a stream is not a sane Ogg Opus stream. */
export class OggError extends Error {
  override readonly name = "OggError";
}

/** One logical Opus stream, taken out of its pages. */
export interface OpusStream {
  channels: number;
  /** Samples at 48 kHz that a decoder drops at the beginning. */
  preSkip: number;
  /** In 1/256 dB; a decoder applies it. */
  outputGain: number;
  mappingFamily: number;
  /** The audio packets; views of the bytes that were read. */
  packets: Uint8Array[];
  /** Playable samples at 48 kHz: after the pre-skip and without the padding at the end. */
  samples: number;
}

/** Opus always counts at this rate, whatever the rate of the recording (RFC 7845 section 4). */
export const OPUS_SAMPLE_RATE = 48_000;

const PAGE_HEADER_BYTES = 27;
const FLAG_CONTINUED = 0x01;
const FLAG_FIRST = 0x02;
const FLAG_LAST = 0x04;
/** What one page can hold whole; no Opus packet comes near it (RFC 7845 section 6). */
const MAX_PACKET_BYTES = 255 * 255 - 1;
/** Granule position of a page on which no packet ends. */
const NO_GRANULE = -1n;

interface OggPage {
  flags: number;
  granulePosition: bigint;
  serial: number;
  sequence: number;
  /** Complete or begun packets of this page, in order. */
  pieces: Uint8Array[];
  /** Whether the last piece goes on in the next page. */
  open: boolean;
}

/** The packets that end on one page. */
interface PacketGroup {
  packets: Uint8Array[];
  /** Time at the end of the last of them, in samples at 48 kHz. */
  granulePosition: number;
  /** Whether another packet begins on the page. */
  open: boolean;
  /** Whether this is the end of the stream. */
  last: boolean;
}

/**
 * Takes one Ogg Opus stream apart.
 *
 * @param bytes all of it
 * @throws OggError when it is multiplexed, chained, truncated, damaged or has holes
 */
export function readOpusStream(bytes: Uint8Array): OpusStream {
  const pages = readPages(bytes);
  const { value: firstPage } = pages.next();
  if (firstPage?.flags !== FLAG_FIRST || firstPage.pieces.length !== 1)
    throw new OggError("no OpusHead page");
  const head = readOpusHead(firstPage.pieces[0]!);

  const groups = joinPackets(pages, firstPage);
  const { value: tags } = groups.next();
  // RFC 7845 section 3: the comment header ends its page, and the page is at time zero
  if (!tags || !startsWith(tags.packets[0]!, "OpusTags") || tags.packets.length > 1 || tags.open) {
    throw new OggError("no OpusTags packet");
  }
  if (tags.granulePosition !== 0) throw new OggError("the tags have a granule position");

  const packets: Uint8Array[] = [];
  let begin: number | undefined;
  let end = 0;
  let counted = 0;
  for (const group of groups) {
    packets.push(...group.packets);
    for (const packet of group.packets) counted += opusPacketSamples(packet);
    // RFC 7845 section 4.3: a live capture may begin late. Section 4.4: only the last page may end early.
    begin ??= Math.max(0, group.granulePosition - counted);
    const expected = begin + counted;
    const isTrimmed = group.last && group.granulePosition >= end && group.granulePosition < expected;
    if (group.granulePosition !== expected && !isTrimmed) throw new OggError("a hole in time");
    end = group.granulePosition;
  }
  const samples = end - (begin ?? 0) - head.preSkip;
  if (samples <= 0) throw new OggError("the stream holds no sound");
  return { ...head, packets, samples };
}

/** Joins what page borders cut, and sees to it that no page is missing, foreign or left over. RFC 3533 section 6. */
function* joinPackets(pages: Iterable<OggPage>, firstPage: OggPage): Generator<PacketGroup, undefined> {
  let previous = firstPage;
  let begun: Uint8Array[] = [];
  for (const page of pages) {
    if (previous.flags & FLAG_LAST) throw new OggError("data after the last page");
    if (page.serial !== firstPage.serial || page.flags & FLAG_FIRST)
      throw new OggError("more than one stream");
    if (page.sequence !== (previous.sequence + 1) >>> 0) throw new OggError("a page is missing");
    if (Boolean(page.flags & FLAG_CONTINUED) !== previous.open) throw new OggError("a packet is cut");
    const packets: Uint8Array[] = [];
    for (const [index, piece] of page.pieces.entries()) {
      begun.push(piece);
      if (page.open && index === page.pieces.length - 1) break;
      packets.push(begun.length === 1 ? piece : Buffer.concat(begun));
      begun = [];
    }
    if (packets.length > 0 === (page.granulePosition === NO_GRANULE))
      throw new OggError("a page without its time");
    if (packets.length > 0) {
      const last = Boolean(page.flags & FLAG_LAST);
      yield { packets, granulePosition: Number(page.granulePosition), open: page.open, last };
    }
    previous = page;
  }
  if (!(previous.flags & FLAG_LAST) || previous.open) throw new OggError("the stream has no end");
  return undefined;
}

/** Length of a stream in whole milliseconds. */
export const opusDurationMs = ({ samples }: Pick<OpusStream, "samples">): number =>
  Math.round(samples / (OPUS_SAMPLE_RATE / 1000));

/** Pages one after another, without a gap. RFC 3533 section 6. */
function* readPages(bytes: Uint8Array): Generator<OggPage, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let start = 0;
  while (start < bytes.length) {
    if (!startsWith(bytes.subarray(start), "OggS")) throw new OggError("no page where one must begin");
    const bodyStart = start + PAGE_HEADER_BYTES + (bytes[start + 26] ?? Number.NaN);
    if (!(bodyStart <= bytes.length)) throw new OggError("a page header is cut");
    if (bytes[start + 4] !== 0) throw new OggError("unknown Ogg version");

    const pieces: Uint8Array[] = [];
    let pieceStart = bodyStart;
    let end = bodyStart;
    let open = false;
    for (let segment = start + PAGE_HEADER_BYTES; segment < bodyStart; segment++) {
      const length = bytes[segment]!;
      end += length;
      open = length === 255; // a segment of 255 bytes goes on in the next
      if (open) continue;
      pieces.push(bytes.subarray(pieceStart, end));
      pieceStart = end;
    }
    if (open) pieces.push(bytes.subarray(pieceStart, end));
    if (end > bytes.length) throw new OggError("a page is cut");
    if (view.getUint32(start + 22, true) !== oggChecksum(bytes.subarray(start, end))) {
      throw new OggError("a page has a wrong checksum");
    }
    yield {
      flags: bytes[start + 5]!,
      granulePosition: view.getBigInt64(start + 6, true),
      serial: view.getUint32(start + 14, true),
      sequence: view.getUint32(start + 18, true),
      pieces,
      open,
    };
    start = end;
  }
  return undefined;
}

/** RFC 7845 section 5.1 */
function readOpusHead(
  packet: Uint8Array,
): Pick<OpusStream, "channels" | "preSkip" | "outputGain" | "mappingFamily"> {
  // the upper half of the version byte is the one that breaks
  if (!startsWith(packet, "OpusHead") || packet.length < 19 || packet[8]! >> 4 !== 0) {
    throw new OggError("no OpusHead packet");
  }
  const view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
  return {
    channels: packet[9]!,
    preSkip: view.getUint16(10, true),
    outputGain: view.getInt16(16, true),
    mappingFamily: packet[18]!,
  };
}

/** Milliseconds of one frame, by the five configuration bits: SILK, then hybrid, then CELT (RFC 6716 section 3.1). */
function frameMs(config: number): number {
  if (config < 12) return [10, 20, 40, 60][config % 4]!;
  if (config < 16) return [10, 20][config % 2]!;
  return [2.5, 5, 10, 20][config % 4]!;
}

/**
 * Samples at 48 kHz that a packet decodes to. RFC 6716 section 3.
 *
 * @throws OggError when the packet is malformed: empty, without a frame, above 120 ms, or larger than a page
 */
export function opusPacketSamples(packet: Uint8Array): number {
  const toc = packet[0];
  if (toc === undefined) throw new OggError("an empty Opus packet");
  const code = toc & 0b11;
  const frames = code === 0 ? 1 : code < 3 ? 2 : (packet[1] ?? 0) & 0x3f;
  const ms = frames * frameMs(toc >> 3);
  const isMalformed = frames === 0 || ms > 120 || packet.length > MAX_PACKET_BYTES;
  if (isMalformed) throw new OggError("a malformed Opus packet");
  return ms * (OPUS_SAMPLE_RATE / 1000);
}

function startsWith(bytes: Uint8Array, magic: string): boolean {
  return (
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(magic.length, bytes.length)).toString("latin1") ===
    magic
  );
}
