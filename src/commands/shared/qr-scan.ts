import { readFile, stat } from "node:fs/promises";
import { SottoError } from "../../errors.ts";

/** A photograph of a screen is smaller. */
const MAX_FILE_BYTES = 20 * 1024 * 1024;

/** The bytes of the QR code in a PNG or JPEG. Throws `QR_UNREADABLE`. */
export async function qrInFile(path: string): Promise<Uint8Array> {
  const file = await readPicture(path);
  const { codeInPicture } = await import("./qr-picture.ts");
  try {
    return codeInPicture(file);
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
