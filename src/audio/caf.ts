import { OggError, OPUS_SAMPLE_RATE, type OpusStream, opusPacketSamples } from "./ogg.ts";

/** `caff`, version and flags. */
const FILE_HEADER_BYTES = 8;
const CHUNK_HEADER_BYTES = 12;
/** The number of edits, which stands before the sound. */
const EDIT_COUNT_BYTES = 4;

/**
 * Takes Opus out of Apple's Core Audio Format, which ffmpeg cannot remux: the cookie in it is no OpusHead. What a player
 * leaves out at both ends stands in the packet table.
 * https://developer.apple.com/library/archive/documentation/MusicAudio/Reference/CAFSpec/CAF_spec/CAF_spec.html
 *
 * @param bytes all of it
 * @throws OggError when it is cut, or does not count up
 */
export function readCafOpus(bytes: Uint8Array): OpusStream {
  try {
    return read(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (error) {
    if (error instanceof RangeError) throw new OggError("a CAF chunk is cut");
    throw error;
  }
}

function read(bytes: Buffer): OpusStream {
  const chunks = readChunks(bytes);
  const [description, table, data] = ["desc", "pakt", "data"].map((type) => chunks.get(type));
  if (!description || !table || !data) throw new OggError("a CAF chunk is missing");
  const rate = description.readDoubleBE(0);
  const channels = description.readUInt32BE(24);
  const packetCount = Number(table.readBigInt64BE(0));
  const toSamples = (frames: number): number => Math.round((frames * OPUS_SAMPLE_RATE) / rate);
  const preSkip = toSamples(table.readInt32BE(16));
  const remainder = toSamples(table.readInt32BE(20));

  const [bytesPerPacket, framesPerPacket] = [description.readUInt32BE(16), description.readUInt32BE(20)];
  // else the table has no sizes, or lengths beside them
  if (bytesPerPacket !== 0 || framesPerPacket === 0) throw new OggError("an unusual CAF packet table");
  const sizes = readSizes(table.subarray(24), packetCount);
  const packets: Uint8Array[] = [];
  let [at, counted] = [EDIT_COUNT_BYTES, 0];
  for (const size of sizes) {
    const packet = data.subarray(at, at + size);
    at += size;
    counted += opusPacketSamples(packet);
    packets.push(packet);
  }
  if (at !== data.length) throw new OggError("packets and their sizes do not match");
  const samples = counted - preSkip - remainder;
  const isSane = preSkip >= 0 && preSkip <= 0xffff && remainder >= 0 && samples > 0;
  if (!isSane) throw new OggError("a length that cannot be");
  return { channels, preSkip, outputGain: 0, mappingFamily: 0, packets, samples };
}

/** The first of each type. */
function readChunks(bytes: Buffer): Map<string, Buffer> {
  const chunks = new Map<string, Buffer>();
  for (let at = FILE_HEADER_BYTES; at < bytes.length; ) {
    const type = bytes.toString("latin1", at, at + 4);
    const said = Number(bytes.readBigInt64BE(at + 4));
    const start = at + CHUNK_HEADER_BYTES;
    // only the sound may have no size yet: then it is the last chunk
    const size = said === -1 && type === "data" ? bytes.length - start : said;
    if (size < 0 || start + size > bytes.length) throw new OggError("a CAF chunk is cut");
    if (!chunks.has(type)) chunks.set(type, bytes.subarray(start, start + size));
    at = start + size;
  }
  return chunks;
}

/** Seven bits a byte, the upper ones first; the highest bit says that another follows. */
function* readSizes(table: Buffer, count: number): Generator<number> {
  let at = 0;
  for (let packet = 0; packet < count; packet++) {
    let size = 0;
    for (let byte = 0x80; byte & 0x80; ) {
      byte = table.readUInt8(at++);
      size = size * 128 + (byte & 0x7f);
    }
    yield size;
  }
}
