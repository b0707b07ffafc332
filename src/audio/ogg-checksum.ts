/** CRC-32 with polynomial 0x04c11db7, neither inverted nor reflected (RFC 3533 section 6): not the one of zlib. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000_0000 ? 0x04c1_1db7 : 0);
  return crc;
});

const CHECKSUM_START = 22;
const FOUR_ZEROS = new Uint8Array(4);

/** Checksum of a whole page, whose own checksum field counts as zero. */
export function oggChecksum(page: Uint8Array): number {
  let crc = update(0, page, 0, CHECKSUM_START);
  crc = update(crc, FOUR_ZEROS, 0, FOUR_ZEROS.length);
  return update(crc, page, CHECKSUM_START + FOUR_ZEROS.length, page.length) >>> 0;
}

function update(start: number, bytes: Uint8Array, from: number, end: number): number {
  let crc = start;
  for (let index = from; index < end; index++) crc = (crc << 8) ^ TABLE[(crc >>> 24) ^ bytes[index]!]!;
  return crc;
}
