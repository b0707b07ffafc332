import { SottoError } from "../errors.ts";
import type { EncryptedFile } from "../model/event.ts";
import { isMxcUri } from "../model/ids.ts";

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

/**
 * Checks an `EncryptedFile` that came from someone else, and gives it with every field as the spec requires it.
 * https://spec.matrix.org/v1.19/client-server-api/#sending-encrypted-attachments
 *
 * @throws SottoError `ATTACHMENT_INVALID`, naming the field
 */
export function parseEncryptedFile(value: unknown): EncryptedFile {
  return parse(value).file;
}

/**
 * Checks an `EncryptedFile` and decodes its key, IV and hash.
 *
 * @throws SottoError `ATTACHMENT_INVALID`, naming the field
 */
export function attachmentSecrets(file: EncryptedFile): AttachmentSecrets {
  return parse(file).secrets;
}

function parse(value: unknown): { file: EncryptedFile; secrets: AttachmentSecrets } {
  const { v, url, iv, ...rest } = object(value, "file");
  const { kty, alg, ext, k, key_ops } = object(rest.key, "key");
  const { sha256 } = object(rest.hashes, "hashes");
  if (v !== "v2") throw invalid("v");
  if (!isMxcUri(url)) throw invalid("url");
  if (kty !== "oct") throw invalid("key.kty");
  if (alg !== "A256CTR") throw invalid("key.alg");
  if (ext !== true) throw invalid("key.ext");
  if (!Array.isArray(key_ops) || !key_ops.includes("encrypt") || !key_ops.includes("decrypt")) {
    throw invalid("key.key_ops");
  }
  const key = decode(k, URL_SAFE_BASE64, 32, "key.k");
  const counter = decode(iv, STANDARD_BASE64, 16, "iv");
  const hash = decode(sha256, STANDARD_BASE64, 32, "hashes.sha256");
  return {
    file: {
      v,
      url,
      key: { kty, alg, ext, k: key.text, key_ops: ["encrypt", "decrypt"] },
      iv: counter.text,
      hashes: { sha256: hash.text },
    },
    secrets: { key: key.bytes, iv: counter.bytes, sha256: hash.bytes },
  };
}

function decode(
  value: unknown,
  alphabet: RegExp,
  length: number,
  field: string,
): { text: string; bytes: Buffer } {
  if (typeof value !== "string" || !alphabet.test(value)) throw invalid(field);
  const bytes = Buffer.from(value, "base64");
  if (bytes.length !== length) throw invalid(field);
  return { text: value, bytes };
}

function object(value: unknown, field: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw invalid(field);
  return value as Record<string, unknown>;
}

// names the field, never its value: it may be a key
const invalid = (field: string): SottoError =>
  new SottoError("ATTACHMENT_INVALID", `the encrypted attachment's "${field}" is missing or malformed`);
