import type { OpusStream } from "../../src/audio/ogg.ts";

// ffmpeg reads Opus in CAF, and does not write it; Apple's recorders do.

/** Packets of 20 ms each in Apple's Core Audio Format. */
export function cafOpus({ packets, preSkip, samples, channels }: OpusStream): Buffer {
  const description = Buffer.alloc(32);
  description.writeDoubleBE(48_000, 0);
  description.write("opus", 8, "latin1");
  description.writeUInt32BE(960, 20);
  description.writeUInt32BE(channels, 24);
  const table = Buffer.alloc(24);
  table.writeBigInt64BE(BigInt(packets.length), 0);
  table.writeBigInt64BE(BigInt(samples), 8);
  table.writeInt32BE(preSkip, 16);
  table.writeInt32BE(packets.length * 960 - preSkip - samples, 20);
  const sizes = packets.map(({ length }) =>
    length < 128 ? Buffer.of(length) : Buffer.of(0x80 | (length >> 7), length & 0x7f),
  );
  return Buffer.concat([
    Buffer.from("caff\0\x01\0\0", "latin1"),
    chunk("desc", description),
    chunk("pakt", table, ...sizes),
    chunk("data", Buffer.alloc(4), ...packets),
  ]);
}

function chunk(type: string, ...parts: Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const header = Buffer.alloc(12);
  header.write(type, "latin1");
  header.writeBigInt64BE(BigInt(content.length), 4);
  return Buffer.concat([header, content]);
}
