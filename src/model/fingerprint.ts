import { SottoError } from "../errors.ts";

/** An ed25519 key as unpadded base64: 32 bytes. */
const KEY = /^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]$/;

/**
 * Reads a fingerprint as people pass it on: an ed25519 key in base64, with blanks anywhere, padded or not. Gives it
 * unpadded. Throws `USAGE`.
 */
export function parseFingerprint(text: string): string {
  const key = text.replaceAll(/\s/g, "").replace(/=$/, "");
  if (KEY.test(key)) return key;
  throw new SottoError("USAGE", "this is no fingerprint: an ed25519 key has 43 letters, digits, + and /", {
    cure: "give it as the other side shows it, in quotation marks; blanks do not count",
  });
}

/** In groups of four, as people read it out. */
export const groupsOfFour = (key: string): string => key.replaceAll(/(.{4})(?=.)/g, "$1 ");
