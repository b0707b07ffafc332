import { createPublicKey, verify } from "node:crypto";
import { SottoError } from "../errors.ts";

const VERSION = 3;
/** Protobuf tag of the message index: field 1, varint. */
const INDEX_TAG = 0x08;

/**
 * The ratchet index of a Megolm message, which stands in clear at its start.
 * https://spec.matrix.org/v1.19/olm-megolm/megolm/#message-format
 */
export function megolmMessageIndex(ciphertext: string): number {
  const bytes = Buffer.from(ciphertext.slice(0, 16), "base64");
  if (bytes[0] !== VERSION || bytes[1] !== INDEX_TAG) {
    throw new SottoError("DECRYPT_FAILED", "the ciphertext is not a Megolm message of version 3");
  }
  let index = 0;
  for (let shift = 0; shift < 35; shift += 7) {
    const byte = bytes[2 + shift / 7];
    if (byte === undefined) break;
    index += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80 && index <= 0xffff_ffff) return index;
  }
  throw new SottoError("DECRYPT_FAILED", "the Megolm message index is not a 32-bit number");
}

const SIGNATURE_BYTES = 64;

/**
 * Whether the device that owns a Megolm session has made this message. It ends with an Ed25519 signature over all that
 * stands before it, by the key whose public part is the session's ID; the private part is in nobody's hands but the
 * owner's: a room key does not contain it. https://spec.matrix.org/v1.19/olm-megolm/megolm/#message-format
 */
export function isSignedBySession(ciphertext: string, sessionId: string): boolean {
  const message = Buffer.from(ciphertext, "base64");
  if (message.length <= SIGNATURE_BYTES) return false;
  const x = Buffer.from(sessionId, "base64").toString("base64url");
  try {
    const key = createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
    return verify(null, message.subarray(0, -SIGNATURE_BYTES), key, message.subarray(-SIGNATURE_BYTES));
  } catch {
    return false; // the ID is no key
  }
}
