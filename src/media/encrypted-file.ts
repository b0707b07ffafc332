import { SottoError } from "../errors.ts";
import type { EncryptedFile } from "../model/event.ts";

/** The secrets of an attachment, decoded: what AES-256-CTR and SHA-256 take. */
export interface AttachmentSecrets {
  /** 32 bytes */
  key: Buffer;
  /** 16 bytes: the initial counter block */
  iv: Buffer;
  /** 32 bytes: SHA-256 of the ciphertext */
  sha256: Buffer;
}

// RFC 4648 section 4 and section 5; the spec's base64 is unpadded, but padding changes no meaning, so it is let pass
const STANDARD_BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;
const URL_SAFE_BASE64 = /^[A-Za-z0-9_-]+={0,2}$/;

// The media ID's characters are limited by the spec, so that it cannot climb out of a path.
// https://spec.matrix.org/v1.19/client-server-api/#security-considerations-5
const MXC_URI = /^mxc:\/\/[A-Za-z0-9.:[\]-]+\/[A-Za-z0-9_-]+$/;

/** Whether `value` is an MXC URI whose parts are safe to put in a request's path. */
export const isMxcUri = (value: unknown): value is string => typeof value === "string" && MXC_URI.test(value);

/**
 * Checks an `EncryptedFile` that came from someone else, and gives it with every field as the spec requires it.
 * https://spec.matrix.org/v1.19/client-server-api/#sending-encrypted-attachments
 *
 * @throws SottoError `ATTACHMENT_INVALID`, naming the field
 */
export function parseEncryptedFile(value: unknown): EncryptedFile {
  const file = object(value, "file");
  const { url } = file;
  if (!isMxcUri(url)) throw invalid("url");
  const key = object(file.key, "key");
  const keyOps = key.key_ops;
  if (file.v !== "v2") throw invalid("v");
  if (key.kty !== "oct") throw invalid("key.kty");
  if (key.alg !== "A256CTR") throw invalid("key.alg");
  if (key.ext !== true) throw invalid("key.ext");
  if (!Array.isArray(keyOps) || !keyOps.includes("encrypt") || !keyOps.includes("decrypt")) {
    throw invalid("key.key_ops");
  }
  const { k } = key;
  const { iv } = file;
  const { sha256 } = object(file.hashes, "hashes");
  const parsed: EncryptedFile = {
    v: "v2",
    url,
    key: { kty: "oct", alg: "A256CTR", ext: true, k: k as string, key_ops: ["encrypt", "decrypt"] },
    iv: iv as string,
    hashes: { sha256: sha256 as string },
  };
  attachmentSecrets(parsed);
  return parsed;
}

/**
 * Decodes key, IV and hash, and holds them to their exact lengths of 32, 16 and 32 bytes.
 *
 * @throws SottoError `ATTACHMENT_INVALID`, naming the field
 */
export function attachmentSecrets(file: Pick<EncryptedFile, "key" | "iv" | "hashes">): AttachmentSecrets {
  return {
    key: decode(file.key.k, URL_SAFE_BASE64, 32, "key.k"),
    iv: decode(file.iv, STANDARD_BASE64, 16, "iv"),
    sha256: decode(file.hashes.sha256, STANDARD_BASE64, 32, "hashes.sha256"),
  };
}

function decode(value: unknown, alphabet: RegExp, length: number, field: string): Buffer {
  if (typeof value !== "string" || !alphabet.test(value)) throw invalid(field);
  const bytes = Buffer.from(value, "base64");
  if (bytes.length !== length) throw invalid(field);
  return bytes;
}

function object(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(field);
  return value as Record<string, unknown>;
}

// names the field, never its value: it may be a key
const invalid = (field: string): SottoError =>
  new SottoError("ATTACHMENT_INVALID", `the encrypted attachment's "${field}" is missing or malformed`);
