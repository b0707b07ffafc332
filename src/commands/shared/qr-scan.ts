import { readFile, stat } from "node:fs/promises";
import { SottoError } from "../../errors.ts";

/** A photograph of a screen; more is no use to a decoder, and could fill the memory. */
const MAX_FILE_BYTES = 20 * 1024 * 1024;
const MAX_MEGAPIXELS = 50;
const MAX_SCAN_MS = 10_000;

interface Picture {
  width: number;
  height: number;
  /** RGBA. */
  data: Uint8Array;
}

/** The bytes of the QR code in a PNG or JPEG. Throws `QR_UNREADABLE`. */
export async function qrInFile(path: string): Promise<Uint8Array> {
  const file = await readPicture(path);
  const picture = await decode(file, path);
  const { default: decodeQr } = await import("qr/decode.js");
  try {
    // a code holds bytes, the decoder gives text: Latin-1 is one character for each byte
    const text = decodeQr(picture, {
      effort: Number.POSITIVE_INFINITY,
      timeLimit: MAX_SCAN_MS,
      textDecoder: (bytes) => Buffer.from(bytes).toString("latin1"),
    });
    return Buffer.from(text, "latin1");
  } catch (cause) {
    throw new SottoError("QR_UNREADABLE", `no QR code could be read in ${path}`, { cause });
  }
}

/** The bytes of a QR code as a person has pasted them. Throws `QR_UNREADABLE`. */
export function qrInText(text: string): Uint8Array {
  const base64 = text.replaceAll(/\s/g, "").replaceAll("-", "+").replaceAll("_", "/").replace(/=+$/, "");
  const bytes = Buffer.from(base64, "base64");
  // Node reads over what is not base64
  if (base64 !== "" && bytes.toString("base64").replace(/=+$/, "") === base64) return bytes;
  throw new SottoError("QR_UNREADABLE", "what was pasted is not base64");
}

async function readPicture(path: string): Promise<Buffer> {
  try {
    const { size } = await stat(path);
    if (size <= MAX_FILE_BYTES) return await readFile(path);
  } catch (cause) {
    throw new SottoError("QR_UNREADABLE", `cannot read ${path}`, { cause });
  }
  throw new SottoError("QR_UNREADABLE", `${path} is larger than 20 MiB`);
}

const PNG_BEGIN = Buffer.from("89504e470d0a1a0a", "hex");
const JPEG_BEGIN = Buffer.from("ffd8ff", "hex");

async function decode(file: Buffer, path: string): Promise<Picture> {
  try {
    if (file.subarray(0, PNG_BEGIN.length).equals(PNG_BEGIN)) {
      // width and height stand first: looked at before anything is unpacked
      if (file.readUInt32BE(16) * file.readUInt32BE(20) > MAX_MEGAPIXELS * 1e6)
        throw new Error("too many pixels");
      const { PNG } = await import("pngjs");
      return PNG.sync.read(file);
    }
    if (file.subarray(0, JPEG_BEGIN.length).equals(JPEG_BEGIN)) {
      const { default: jpeg } = await import("jpeg-js");
      return jpeg.decode(file, { useTArray: true, maxResolutionInMP: MAX_MEGAPIXELS });
    }
  } catch (cause) {
    throw new SottoError("QR_UNREADABLE", `${path} is damaged`, { cause });
  }
  throw new SottoError("QR_UNREADABLE", `${path} is neither a PNG nor a JPEG`);
}
