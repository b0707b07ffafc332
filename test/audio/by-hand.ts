import { oggChecksum } from "../../src/audio/ogg-checksum.ts";

// Recordings whose encoders are missing in most builds of ffmpeg, frame by frame. What the frames hold is noise, so
// that the sound is some sound.

/** Numbers that look random, and are the same each time. */
export function pseudoRandom(seed: number): () => number {
  let state = seed >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}

function noise(length: number, seed: number): Buffer {
  const next = pseudoRandom(seed * 7919);
  return Buffer.from(Array.from({ length }, () => next() >>> 24));
}

const frames = (count: number, make: (index: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, index) => make(index + 1)));

/** 12.2 kbit/s: a frame of 20 ms is its type and 244 bits. RFC 4867 section 5.3. */
export const amrNarrow = (seconds: number): Buffer =>
  Buffer.concat([
    Buffer.from("#!AMR\n"),
    frames(seconds * 50, (n) => Buffer.concat([Buffer.of(0x3c), noise(31, n)])),
  ]);

/** 23.85 kbit/s: a frame of 20 ms is its type and 477 bits. */
export const amrWide = (seconds: number): Buffer =>
  Buffer.concat([
    Buffer.from("#!AMR-WB\n"),
    frames(seconds * 50, (n) => Buffer.concat([Buffer.of(0x44), noise(60, n)])),
  ]);

/** Frames of 20 ms in 33 bytes, whose first four bits are 0xd. RFC 3551 section 4.5.8. */
export const gsm = (seconds: number): Buffer =>
  frames(seconds * 50, (n) => {
    const frame = noise(33, n);
    frame[0] = 0xd0 | (frame[0]! & 0x0f);
    return frame;
  });

/** WAV with Microsoft's GSM: two frames in 65 bytes. */
export function gsmWav(seconds: number): Buffer {
  const data = frames(seconds * 25, (n) => noise(65, n));
  const format = Buffer.alloc(20);
  format.writeUInt16LE(0x31, 0);
  format.writeUInt16LE(1, 2);
  format.writeUInt32LE(8000, 4);
  format.writeUInt32LE(1625, 8);
  format.writeUInt16LE(65, 12);
  format.writeUInt16LE(2, 16);
  format.writeUInt16LE(320, 18);
  return wav(format, data);
}

/** A WAV of any format and size, also of none that can be. */
export function wav(format: Buffer, data: Buffer, dataSize = data.length): Buffer {
  const header = Buffer.alloc(28 + format.length);
  header.write("RIFF", 0, "latin1");
  header.writeUInt32LE((20 + format.length + dataSize) >>> 0, 4);
  header.write("WAVEfmt ", 8, "latin1");
  header.writeUInt32LE(format.length, 16);
  format.copy(header, 20);
  header.write("data", 20 + format.length, "latin1");
  header.writeUInt32LE(dataSize >>> 0, 24 + format.length);
  return Buffer.concat([header, data]);
}

/** The format of PCM with 16 bits. */
export function pcmFormat(sampleRate: number, channels: number, blockAlign = channels * 2): Buffer {
  const format = Buffer.alloc(16);
  format.writeUInt16LE(1, 0);
  format.writeUInt16LE(channels, 2);
  format.writeUInt32LE(sampleRate, 4);
  format.writeUInt32LE((sampleRate * blockAlign) >>> 0, 8);
  format.writeUInt16LE(blockAlign & 0xffff, 12);
  format.writeUInt16LE(16, 14);
  return format;
}

/** Narrow band, quality 3: a frame of 20 ms is a bit 0, the mode 3 in four bits, and 155 more. The Speex manual, 9. */
export function oggSpeex(seconds: number): Buffer {
  const head = Buffer.alloc(80);
  head.write("Speex   1.2.0", 0, "latin1");
  [1, 80, 8000, 0, 4, 1, -1, 160, 0, 1].forEach((value, index) => {
    head.writeInt32LE(value, 28 + 4 * index);
  });
  const pages = [oggPage(2, 0, 0, [head]), oggPage(0, 0, 1, [Buffer.alloc(8)])];
  for (let second = 1; second <= seconds; second++) {
    const packets = Array.from({ length: 50 }, (_, n) => {
      const packet = noise(20, second * 50 + n);
      packet[0] = 0b0001_1000 | (packet[0]! & 0b111);
      return packet;
    });
    pages.push(oggPage(second === seconds ? 4 : 0, second * 8000, second + 1, packets));
  }
  return Buffer.concat(pages);
}

/**
 * Mono Opus in Ogg: packets of 20 ms with a single CELT frame of 40 bytes, which are another sound for each seed.
 * RFC 6716 section 3.1, RFC 7845.
 */
export function oggOpus(packets: number, seed: number): Buffer {
  const head = Buffer.from("OpusHead\x01\x01\x38\x01\x80\xbb\0\0\0\0\0", "latin1");
  const tags = Buffer.from("OpusTags\0\0\0\0\0\0\0\0", "latin1");
  const sound = Array.from({ length: packets }, (_, n) =>
    Buffer.concat([Buffer.of(31 << 3), noise(40, seed * 1000 + n + 1)]),
  );
  return Buffer.concat([
    oggPage(2, 0, 0, [head]),
    oggPage(0, 0, 1, [tags]),
    oggPage(4, packets * 960, 2, sound),
  ]);
}

function oggPage(flags: number, granule: number, sequence: number, packets: Buffer[]): Buffer {
  const header = Buffer.alloc(27);
  header.write("OggS", "latin1");
  header[5] = flags;
  header.writeBigInt64LE(BigInt(granule), 6);
  header.writeUInt32LE(7, 14);
  header.writeUInt32LE(sequence, 18);
  header[26] = packets.length;
  const page = Buffer.concat([header, Buffer.from(packets.map(({ length }) => length)), ...packets]);
  page.writeUInt32LE(oggChecksum(page), 22);
  return page;
}
