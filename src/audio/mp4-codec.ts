import type { FileHandle } from "node:fs/promises";

/** The index of three hours of video has less. */
const MAX_INDEX_BYTES = 16 * 1024 * 1024;
/** A recording has a handful; one in fragments has its index before them. */
const MAX_BOXES = 64;

/**
 * Whether an MP4 holds Opus somewhere, by its index, which stands at either end. Boxes: ISO/IEC 14496-12 section 4.2;
 * `dOps`: Encapsulation of Opus in ISO Base Media File Format, section 4.3.2.
 */
export async function mp4HoldsOpus(file: FileHandle): Promise<boolean> {
  const read = async (position: number, length: number): Promise<Buffer> => {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
    return buffer.subarray(0, bytesRead);
  };
  let at = 0;
  for (let boxes = 0; boxes < MAX_BOXES; boxes++) {
    const header = await read(at, 16);
    if (header.length < 16) return false;
    const short = header.readUInt32BE(0);
    const size = short === 1 ? Number(header.readBigUInt64BE(8)) : short;
    if (header.toString("latin1", 4, 8) === "moov") {
      // a size of 0 goes to the end of the file
      const length = Math.min(size || MAX_INDEX_BYTES, MAX_INDEX_BYTES);
      return (await read(at, length)).includes("dOps");
    }
    if (size < 8 || !Number.isSafeInteger(at + size)) return false;
    at += size;
  }
  return false;
}
