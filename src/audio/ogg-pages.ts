/** Pages of Ogg, and the packets on them, as they come. RFC 3533. */

import { oggChecksum } from "./ogg-checksum.ts";

/** Why a stream is not a sane Ogg Opus stream. */
export class OggError extends Error {
  override readonly name = "OggError";
}

export interface OggPage {
  flags: number;
  granulePosition: bigint;
  serial: number;
  sequence: number;
  /** Complete or begun packets of this page, in order; views of the bytes that were read. */
  pieces: Uint8Array[];
  /** Whether the last piece goes on in the next page. */
  open: boolean;
}

/** The packets that end on one page. */
export interface PacketGroup {
  packets: Uint8Array[];
  granulePosition: number;
  /** Whether another packet begins on the page. */
  open: boolean;
  /** Whether this is the end of the stream. */
  last: boolean;
}

export const FLAG_CONTINUED = 0x01;
export const FLAG_FIRST = 0x02;
export const FLAG_LAST = 0x04;

const PAGE_HEADER_BYTES = 27;
/** Granule position of a page on which no packet ends. */
const NO_GRANULE = -1n;

/**
 * Reads the page that begins at an offset. RFC 3533 section 6.
 *
 * @returns the page and the offset behind it; undefined when the bytes end before it does
 * @throws OggError when there is no page, or a damaged one
 */
export function readPage(bytes: Uint8Array, start: number): { page: OggPage; end: number } | undefined {
  if (!startsWith(bytes.subarray(start), "OggS".slice(0, bytes.length - start)))
    throw new OggError("no page where one must begin");
  if (bytes.length < start + PAGE_HEADER_BYTES) return undefined;
  if (bytes[start + 4] !== 0) throw new OggError("unknown Ogg version");
  const bodyStart = start + PAGE_HEADER_BYTES + bytes[start + 26]!;
  if (bytes.length < bodyStart) return undefined;

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
  if (bytes.length < end) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(start + 22, true) !== oggChecksum(bytes.subarray(start, end))) {
    throw new OggError("a page has a wrong checksum");
  }
  return {
    page: {
      flags: bytes[start + 5]!,
      granulePosition: view.getBigInt64(start + 6, true),
      serial: view.getUint32(start + 14, true),
      sequence: view.getUint32(start + 18, true),
      pieces,
      open,
    },
    end,
  };
}

/**
 * Joins what page borders cut, and sees to it that no page is missing, foreign or left over. RFC 3533 section 6.
 * The first page is the one that it begins with.
 */
export class PacketJoiner {
  readonly #serial: number;
  #previous: OggPage;
  #begun: Uint8Array[] = [];

  constructor(firstPage: OggPage) {
    this.#serial = firstPage.serial;
    this.#previous = firstPage;
  }

  /** The packets that end on the next page; undefined when none does. Throws `OggError`. */
  push(page: OggPage): PacketGroup | undefined {
    const previous = this.#previous;
    if (previous.flags & FLAG_LAST) throw new OggError("data after the last page");
    if (page.serial !== this.#serial || page.flags & FLAG_FIRST) throw new OggError("more than one stream");
    if (page.sequence !== (previous.sequence + 1) >>> 0) throw new OggError("a page is missing");
    if (Boolean(page.flags & FLAG_CONTINUED) !== previous.open) throw new OggError("a packet is cut");
    const packets: Uint8Array[] = [];
    for (const [index, piece] of page.pieces.entries()) {
      this.#begun.push(piece);
      if (page.open && index === page.pieces.length - 1) break;
      packets.push(this.#begun.length === 1 ? piece : Buffer.concat(this.#begun));
      this.#begun = [];
    }
    if (packets.length > 0 === (page.granulePosition === NO_GRANULE))
      throw new OggError("a page without its time");
    this.#previous = page;
    if (packets.length === 0) return undefined;
    const last = Boolean(page.flags & FLAG_LAST);
    return { packets, granulePosition: Number(page.granulePosition), open: page.open, last };
  }

  /** There are no more pages. Throws `OggError` if there must be. */
  end(): void {
    if (!(this.#previous.flags & FLAG_LAST) || this.#previous.open)
      throw new OggError("the stream has no end");
  }
}

export function startsWith(bytes: Uint8Array, magic: string): boolean {
  return (
    Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(magic.length, bytes.length)).toString("latin1") ===
    magic
  );
}
