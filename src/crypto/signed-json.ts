import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";

const KEY = /^[A-Za-z0-9+/]{43}$/;
const SIGNATURE = /^[A-Za-z0-9+/]{86}$/;

/** 32 bytes in unpadded base64, as the spec writes keys. */
export const isKey = (value: unknown): value is string => typeof value === "string" && KEY.test(value);

/** A member of an object as it came, and nothing that every object has. */
export const own = (value: unknown, name: string): unknown =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;

/**
 * Whether the object bears this user's signature by this ed25519 key. What is malformed is not signed.
 * https://spec.matrix.org/v1.19/appendices/#checking-for-a-signature
 *
 * @param keyId without `ed25519:`: a device's ID, or the public key of an identity
 */
export function isSigned(object: object, userId: string, keyId: string, publicKey: string): boolean {
  const signature = own(own(own(object, "signatures"), userId), `ed25519:${keyId}`);
  if (typeof signature !== "string" || !SIGNATURE.test(signature) || !isKey(publicKey)) return false;
  try {
    const { signatures: _, unsigned: __, ...signed } = object as Record<string, unknown>;
    const bytes = Buffer.from(canonicalJson(signed));
    return verify(null, bytes, keyObject(publicKey), Buffer.from(signature, "base64"));
  } catch {
    return false;
  }
}

function keyObject(publicKey: string): KeyObject {
  const x = Buffer.from(publicKey, "base64").toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}
