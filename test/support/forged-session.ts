import { createCipheriv, createHmac, generateKeyPairSync, hkdfSync, randomBytes, sign } from "node:crypto";

/** A Megolm session that a homeserver could make by itself, in the name of any member. */
export interface ForgedSession {
  /** Content of an `m.room_key`. */
  roomKey: Record<string, string>;
  /** The same session as it stands in a key export. */
  exported: Record<string, unknown>;
  /** Encrypts its first message: content of an `m.room.encrypted`. */
  encrypt(type: string, content: object): Record<string, string>;
}

const ALGORITHM = "m.megolm.v1.aes-sha2";
const unpadded = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64").replace(/=+$/, "");

/**
 * Session-sharing and session-export format, and message format, by the letter.
 * https://spec.matrix.org/v1.19/olm-megolm/megolm/#session-sharing-format
 */
export function forgeSession(
  roomId: string,
  claimed: { curve25519: string; ed25519: string },
): ForgedSession {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const verifyingKey = Buffer.from(publicKey.export({ format: "jwk" }).x!, "base64url");
  const ratchet = randomBytes(128);
  const at = Buffer.from([0, 0, 0, 0]);
  const shared = Buffer.concat([Buffer.from([2]), at, ratchet, verifyingKey]);
  const sessionId = unpadded(verifyingKey);
  const named = { algorithm: ALGORITHM, room_id: roomId, session_id: sessionId };
  return {
    roomKey: { ...named, session_key: unpadded(Buffer.concat([shared, sign(null, shared, privateKey)])) },
    exported: {
      ...named,
      session_key: unpadded(Buffer.concat([Buffer.from([1]), at, ratchet, verifyingKey])),
      sender_key: claimed.curve25519,
      sender_claimed_keys: { ed25519: claimed.ed25519 },
      forwarding_curve25519_key_chain: [],
    },
    encrypt(type, content) {
      const keys = Buffer.from(hkdfSync("sha256", ratchet, Buffer.alloc(32), "MEGOLM_KEYS", 80));
      const cipher = createCipheriv("aes-256-cbc", keys.subarray(0, 32), keys.subarray(64));
      const text = JSON.stringify({ type, content, room_id: roomId });
      const encrypted = Buffer.concat([cipher.update(text), cipher.final()]);
      const head = Buffer.concat([Buffer.from([3, 0x08, 0, 0x12]), varint(encrypted.length), encrypted]);
      const mac = createHmac("sha256", keys.subarray(32, 64)).update(head).digest().subarray(0, 8);
      const signed = Buffer.concat([head, mac]);
      const ciphertext = unpadded(Buffer.concat([signed, sign(null, signed, privateKey)]));
      return { algorithm: ALGORITHM, session_id: sessionId, sender_key: claimed.curve25519, ciphertext };
    },
  };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}
