/**
 * Reads Ogg Opus strictly: one logical stream, every checksum right, every granule position accounted for. What is
 * odd in any way is refused with an {@link OggError}, and left to a decoder that forgives.
 * Ogg: RFC 3533. Opus in Ogg: RFC 7845. Opus packets: RFC 6716.
 */

import { FLAG_FIRST, OggError, type PacketGroup, PacketJoiner, readPage, startsWith } from "./ogg-pages.ts";

export { OggError } from "./ogg-pages.ts";

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

/** What one page can hold whole; no Opus packet comes near it (RFC 7845 section 6). */
const MAX_PACKET_BYTES = 255 * 255 - 1;

/** What an Opus stream says of itself at its beginning. */
export type OpusHead = Pick<OpusStream, "channels" | "preSkip" | "outputGain" | "mappingFamily">;

/** Takes one Ogg Opus stream apart while it comes, and holds no more of it than one page. */
export class OpusReader {
  readonly #hasRoughTimes: boolean;
  #rest: Uint8Array = new Uint8Array();
  #head: OpusHead | undefined;
  #joiner: PacketJoiner | undefined;
  #hasTags = false;
  #begin: number | undefined;
  #end = 0;
  #counted = 0;
  #roughTime = 0;

  /**
   * @param times `rough` for what was put into Ogg from a container that rounds its times, or leaves holes in them: then
   *   the packets count, and of the times only how much of the last packet is played
   */
  constructor(times: "exact" | "rough" = "exact") {
    this.#hasRoughTimes = times === "rough";
  }

  /** Once the first page has come. */
  get head(): OpusHead | undefined {
    return this.#head;
  }

  /** Playable samples at 48 kHz so far; the end may take some of them back. */
  get samples(): number {
    return Math.max(0, this.#counted - (this.#head?.preSkip ?? 0));
  }

  /**
   * Takes the next bytes, cut anywhere.
   *
   * @returns the audio packets that they complete; views of the bytes, in order
   * @throws OggError as soon as something is odd
   */
  push(chunk: Uint8Array): Uint8Array[] {
    const bytes = this.#rest.length > 0 ? Buffer.concat([this.#rest, chunk]) : chunk;
    const packets: Uint8Array[] = [];
    let start = 0;
    while (start < bytes.length) {
      const read = readPage(bytes, start);
      if (!read) break;
      start = read.end;
      if (this.#joiner) {
        const group = this.#joiner.push(read.page);
        if (group) this.#take(group, packets);
        continue;
      }
      if (read.page.flags !== FLAG_FIRST || read.page.pieces.length !== 1 || read.page.open)
        throw new OggError("no OpusHead page");
      this.#head = readOpusHead(read.page.pieces[0]!);
      this.#joiner = new PacketJoiner(read.page);
    }
    this.#rest = bytes.subarray(start);
    return packets;
  }

  /**
   * There are no more bytes.
   *
   * @returns playable samples at 48 kHz
   * @throws OggError when the stream is not whole, or holds no sound
   */
  end(): number {
    if (this.#rest.length > 0) throw new OggError("a page is cut");
    if (!this.#head || !this.#joiner) throw new OggError("no OpusHead page");
    if (!this.#hasTags) throw new OggError("no OpusTags packet");
    this.#joiner.end();
    const samples = this.#end - (this.#begin ?? 0) - this.#head.preSkip;
    if (samples <= 0) throw new OggError("the stream holds no sound");
    return samples;
  }

  #take(group: PacketGroup, packets: Uint8Array[]): void {
    if (!this.#hasTags) {
      // RFC 7845 section 3: the comment header ends its page, and the page is at time zero
      if (!startsWith(group.packets[0]!, "OpusTags") || group.packets.length > 1 || group.open) {
        throw new OggError("no OpusTags packet");
      }
      if (group.granulePosition !== 0) throw new OggError("the tags have a granule position");
      this.#hasTags = true;
      return;
    }
    const before = this.#counted;
    for (const packet of group.packets) {
      this.#counted += opusPacketSamples(packet);
      packets.push(packet);
    }
    if (this.#hasRoughTimes) this.#setRoughEnd(group, this.#counted - before);
    else this.#setEnd(group);
  }

  #setEnd(group: PacketGroup): void {
    // RFC 7845 section 4.3: a live capture may begin late. Section 4.4: only the last page may end early.
    this.#begin ??= Math.max(0, group.granulePosition - this.#counted);
    const expected = this.#begin + this.#counted;
    const isTrimmed = group.last && group.granulePosition >= this.#end && group.granulePosition < expected;
    if (group.granulePosition !== expected && !isTrimmed) throw new OggError("a hole in time");
    this.#end = group.granulePosition;
  }

  #setRoughEnd({ packets, granulePosition, last }: PacketGroup, samples: number): void {
    const unplayed = samples - (granulePosition - this.#roughTime);
    const isTrimmed = last && unplayed > 0 && unplayed < opusPacketSamples(packets.at(-1)!);
    this.#end = this.#counted - (isTrimmed ? unplayed : 0);
    this.#begin = 0;
    this.#roughTime = granulePosition;
  }
}

/**
 * Takes one Ogg Opus stream apart.
 *
 * @param bytes all of it
 * @throws OggError when it is multiplexed, chained, truncated, damaged or has holes
 */
export function readOpusStream(bytes: Uint8Array): OpusStream {
  const reader = new OpusReader();
  const packets = reader.push(bytes);
  const samples = reader.end();
  return { ...reader.head!, packets, samples };
}

/** Length of a stream in whole milliseconds. */
export const opusDurationMs = ({ samples }: Pick<OpusStream, "samples">): number =>
  Math.round(samples / (OPUS_SAMPLE_RATE / 1000));

/** RFC 7845 section 5.1 */
function readOpusHead(packet: Uint8Array): OpusHead {
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
