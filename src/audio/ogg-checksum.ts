/** CRC-32 with polynomial 0x04c11db7, neither inverted nor reflected (RFC 3533 section 6): not the one of zlib. */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte << 24;
  for (let bit = 0; bit < 8; bit++) crc = (crc << 1) ^ (crc & 0x8000_0000 ? 0x04c1_1db7 : 0);
  return crc;
});

const CHECKSUM_START = 22;
const CHECKSUM_END = 26;

/** Checksum of a whole page, whose own checksum field counts as zero. */
export function oggChecksum(page: Uint8Array): number {
  let crc = 0;
  for (let index = 0; index < page.length; index++) {
    const byte = index >= CHECKSUM_START && index < CHECKSUM_END ? 0 : page[index]!;
    crc = (crc << 8) ^ TABLE[(crc >>> 24) ^ byte]!;
  }
  return crc >>> 0;
}
