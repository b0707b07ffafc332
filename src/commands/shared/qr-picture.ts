import jpeg from "jpeg-js";
import { PNG } from "pngjs";
import encodeQr from "qr";
import decodeQr from "qr/decode.js";
import type { QrModules } from "../../model/qr-code.ts";

// The only file that loads the picture libraries; it is loaded by `verify` and for cards alone, and packed as a file of its own.

/** More is no use to a decoder, and could fill the memory. */
const MAX_MEGAPIXELS = 50;
const MAX_SCAN_MS = 10_000;

const PNG_BEGIN = Buffer.from("89504e470d0a1a0a", "hex");
const JPEG_BEGIN = Buffer.from("ffd8ff", "hex");

/** The bytes of the QR code in a PNG or JPEG. Throws an error that says what is missing. */
export function codeInPicture(file: Buffer): Uint8Array {
  const picture = unpack(file);
  // a code holds bytes, the decoder gives text: Latin-1 is one character for each byte
  const text = decodeQr(picture, {
    effort: Number.POSITIVE_INFINITY,
    timeLimit: MAX_SCAN_MS,
    textDecoder: (bytes) => Buffer.from(bytes).toString("latin1"),
  });
  return Buffer.from(text, "latin1");
}

/** RGBA. */
function unpack(file: Buffer): { width: number; height: number; data: Uint8Array } {
  if (file.subarray(0, PNG_BEGIN.length).equals(PNG_BEGIN)) {
    // width and height stand first: looked at before anything is unpacked
    if (file.readUInt32BE(16) * file.readUInt32BE(20) > MAX_MEGAPIXELS * 1e6)
      throw new Error("too many pixels");
    return PNG.sync.read(file);
  }
  if (file.subarray(0, JPEG_BEGIN.length).equals(JPEG_BEGIN)) {
    return jpeg.decode(file, { useTArray: true, maxResolutionInMP: MAX_MEGAPIXELS });
  }
  throw new Error("neither a PNG nor a JPEG");
}

/** The code that a phone's camera reads this text from. */
export function codeOf(text: string): QrModules {
  const framed = encodeQr(text, "raw", { border: 1, ecc: "medium" });
  const rows = framed.slice(1, -1).map((row) => row.slice(1, -1));
  return { size: rows.length, modules: Uint8Array.from(rows.flat().map(Number)) };
}

/** A square PNG, black on white. */
export function pngOf(side: number, isDark: (x: number, y: number) => boolean): Uint8Array {
  const picture = new PNG({ width: side, height: side, colorType: 0 });
  for (let at = 0; at < side * side; at++) {
    picture.data.fill(isDark(at % side, Math.floor(at / side)) ? 0 : 255, at * 4, at * 4 + 3);
    picture.data[at * 4 + 3] = 255;
  }
  return PNG.sync.write(picture, { colorType: 0 });
}
