import type { AudioFormat } from "./sniff.ts";

/**
 * What a recording says of its own length. ffmpeg plays what there is of a WAV that was cut short and says nothing; only
 * the header tells that there was more.
 */
export interface Declared {
  /** Size of the file up to the end of its sound. */
  bytes?: number;
  /** Length of its sound. */
  durationMs?: number;
  /** Where its sound begins, and how much of it plays in a second; only to know what is too long before any work. */
  start?: number;
  bytesPerSecond?: number;
  /** Whether its last page says that it is the last. */
  endsWithPage?: boolean;
}

/** Bytes of the beginning in which {@link declaredBy} looks. */
export const DECLARED_BYTES = 4096;
/** Bytes of the end in which {@link endsWithLastPage} looks: an Ogg page is no longer (RFC 3533 section 6). */
export const TAIL_BYTES = 27 + 255 + 255 * 255;

/** @param head the beginning of the recording, behind an ID3 tag */
export function declaredBy({ extension }: AudioFormat, head: Uint8Array): Declared {
  const bytes = Buffer.from(head.buffer, head.byteOffset, Math.min(head.byteLength, DECLARED_BYTES));
  const read = READERS[extension];
  try {
    return read?.(bytes) ?? {};
  } catch (error) {
    if (error instanceof RangeError) return {}; // it says nothing in the bytes that there are
    throw error;
  }
}

const READERS: Record<string, (head: Buffer) => Declared> = {
  wav: riff,
  aiff: (head) => ({ bytes: 8 + head.readUInt32BE(4) }),
  au,
  caf,
  flac,
  mp3: xing,
  ogg: () => ({ endsWithPage: true }),
};

/** Recorders that write into a pipe put the largest size there is; some leave room for a header below it. */
const UNKNOWN_SIZE = 0x7fff_0000;

const known = (start: number, size: number, bytesPerSecond?: number): Declared => ({
  ...(size !== 0 && size < UNKNOWN_SIZE && { bytes: start + size }),
  ...(bytesPerSecond && { start, bytesPerSecond }),
});

/** Chunks up to the one with the sound. RF64 keeps long sizes elsewhere: EBU Tech 3306. */
function riff(head: Buffer): Declared {
  if (head.toString("latin1", 0, 4) !== "RIFF") return {};
  let bytesPerSecond = 0;
  for (let at = 12; at < head.length; ) {
    const [name, size] = [head.toString("latin1", at, at + 4), head.readUInt32LE(at + 4)];
    if (name === "fmt ") bytesPerSecond = wavRate(head.subarray(at + 8));
    if (name === "data") return known(at + 8, size, bytesPerSecond);
    at += 8 + size + (size % 2);
  }
  return {};
}

/** PCM, float, A-law, µ-law, and those with more to say. */
const ONE_BLOCK_A_FRAME = [1, 3, 6, 7, 0xfffe];

/** Bytes a second; of sizes that can be multiplied, what the header says of it does not count. */
const wavRate = (format: Buffer): number =>
  ONE_BLOCK_A_FRAME.includes(format.readUInt16LE(0))
    ? format.readUInt32LE(4) * format.readUInt16LE(12)
    : format.readUInt32LE(8);

/** Bits of a sample, by its encoding. https://pubs.opengroup.org/external/auformat.html */
const AU_BITS: Record<number, number> = { 1: 8, 2: 8, 3: 16, 4: 24, 5: 32, 6: 32, 7: 64, 27: 8 };

function au(head: Buffer): Declared {
  const bytesPerFrame = (head.readUInt32BE(20) * (AU_BITS[head.readUInt32BE(12)] ?? 0)) / 8;
  return known(head.readUInt32BE(4), head.readUInt32BE(8), head.readUInt32BE(16) * bytesPerFrame);
}

/** Apple Core Audio Format: the size of a chunk is of 64 bits, -1 when it goes to the end. */
function caf(head: Buffer): Declared {
  for (let at = 8; at < head.length; ) {
    const size = Number(head.readBigInt64BE(at + 4));
    if (head.toString("latin1", at, at + 4) === "data") return known(at + 12, size < 0 ? 0 : size);
    if (size < 0) return {};
    at += 12 + size;
  }
  return {};
}

/** RFC 9639 section 8.2: the rate in 20 bits, then 8 others, then the samples in 36. */
function flac(head: Buffer): Declared {
  const rate = head.readUIntBE(18, 3) >> 4;
  const samples = (head.readUInt8(21) & 0x0f) * 2 ** 32 + head.readUInt32BE(22);
  return samples === 0 || rate === 0 ? {} : { durationMs: (samples / rate) * 1000 };
}

/** By MPEG version: of MPEG-1, MPEG-2 and MPEG-2.5. */
const MPEG_RATES: Record<number, readonly number[]> = {
  3: [44_100, 48_000, 32_000],
  2: [22_050, 24_000, 16_000],
  0: [11_025, 12_000, 8_000],
};

/** The first frame of most MP3 files holds no sound, but how many frames there are. */
function xing(head: Buffer): Declared {
  const [version, rateIndex] = [(head.readUInt8(1) >> 3) & 0b11, (head.readUInt8(2) >> 2) & 0b11];
  const rate = MPEG_RATES[version]?.[rateIndex];
  const isMono = head.readUInt8(3) >> 6 === 0b11;
  const at = 4 + (version === 3 ? (isMono ? 17 : 32) : isMono ? 9 : 17);
  const hasFrames =
    ["Xing", "Info"].includes(head.toString("latin1", at, at + 4)) && head.readUInt32BE(at + 4) & 1;
  if (!rate || !hasFrames) return {};
  return { durationMs: ((head.readUInt32BE(at + 8) * (version === 3 ? 1152 : 576)) / rate) * 1000 };
}

/** Whether the last page of an Ogg stream is marked as such. RFC 3533 section 6. */
export function endsWithLastPage(tail: Uint8Array): boolean {
  const bytes = Buffer.from(tail.buffer, tail.byteOffset, tail.byteLength);
  const at = bytes.lastIndexOf("OggS");
  return at >= 0 && ((bytes[at + 5] ?? 0) & 0x04) !== 0;
}

/** Encoders count their own delay, of some frames; decoders leave it out. */
export const LATENESS_MS = 250;

/** How long a recording of so many bytes plays, in ms, by what its header says; undefined where that says nothing. */
export function playsMs(
  { bytes = Number.POSITIVE_INFINITY, durationMs, start, bytesPerSecond }: Declared,
  size: number,
): number | undefined {
  if (start === undefined || !bytesPerSecond) return durationMs;
  return (Math.max(0, Math.min(bytes, size) - start) / bytesPerSecond) * 1000;
}

/** Whether there was more than what came. */
export function isCutShort(
  declared: Declared,
  came: { bytes: number; durationMs: number; tail: Uint8Array },
): boolean {
  return (
    (declared.bytes !== undefined && came.bytes < declared.bytes) ||
    (declared.durationMs !== undefined && came.durationMs + LATENESS_MS < declared.durationMs) ||
    (declared.endsWithPage === true && !endsWithLastPage(came.tail))
  );
}
