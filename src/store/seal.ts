import { createCipheriv, createDecipheriv, createSecretKey, hkdfSync, randomBytes } from "node:crypto";
import { SottoError } from "../errors.ts";

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Derives an independent 32-byte key for one purpose from the store key (HKDF-SHA-256, RFC 5869). */
export function deriveKey(storeKey: Uint8Array, purpose: string): Uint8Array {
  return new Uint8Array(hkdfSync("sha256", storeKey, new Uint8Array(0), `sotto ${purpose}`, 32));
}

export interface Sealer {
  /** AES-256-GCM; `place` binds the value to where it lies, so that values cannot be swapped. */
  seal(text: string, place: string): Uint8Array;
  /** Throws `STORE_DAMAGED` if the bytes are not what was sealed for this place. */
  open(sealed: Uint8Array, place: string): string;
}

export function createSealer(storeKey: Uint8Array): Sealer {
  const key = createSecretKey(deriveKey(storeKey, "sealed values"));
  return {
    seal(text, place) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(place));
      return Buffer.concat([nonce, cipher.update(text, "utf8"), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, place) {
      try {
        const bytes = Buffer.from(sealed);
        const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, NONCE_BYTES), {
          authTagLength: TAG_BYTES,
        })
          .setAAD(Buffer.from(place))
          .setAuthTag(bytes.subarray(-TAG_BYTES));
        return (
          decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES), undefined, "utf8") + decipher.final("utf8")
        );
      } catch (cause) {
        throw new SottoError("STORE_DAMAGED", `a sealed value cannot be opened: ${place}`, { cause });
      }
    },
  };
}
