import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import type { Signer } from "../model/connector.ts";
import { deriveKey } from "../store/index.ts";

/** An Ed25519 key from 32 bytes: PKCS #8 is a fixed prefix and the seed (RFC 8410). */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");

/** A key of its own for each purpose, derived from the store key: it is nowhere kept, and lost with it. */
export function signerOf(storeKey: Uint8Array, purpose: "archive signature" | "audit signature"): Signer {
  const seed = deriveKey(storeKey, purpose);
  const key = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: "der", type: "pkcs8" });
  return {
    publicKeyPem: createPublicKey(key).export({ type: "spki", format: "pem" }) as string,
    sign: (bytes) => sign(null, bytes, key),
  };
}
