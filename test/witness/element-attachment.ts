import type { webcrypto } from "node:crypto";

// Encrypted attachments by WebCrypto, straight from the specification ("Sending encrypted attachments").

export interface EncryptedFile {
  v: string;
  url: string;
  key: webcrypto.JsonWebKey;
  iv: string;
  hashes: { sha256: string };
}

type Bytes = Uint8Array<ArrayBuffer>;

const unpadded = (bytes: ArrayBuffer | Uint8Array): string =>
  Buffer.from(bytes as Uint8Array)
    .toString("base64")
    .replace(/=+$/, "");

/** The lower 64 bits of the initial block count the blocks. */
const aesCtr = (iv: Bytes) => ({ name: "AES-CTR", counter: iv, length: 64 });

export async function decryptAttachment(ciphertext: Bytes, file: EncryptedFile): Promise<Bytes> {
  if (file.v !== "v2") throw new Error(`EncryptedFile of version ${file.v}`);
  const hash = unpadded(await crypto.subtle.digest("SHA-256", ciphertext));
  if (hash !== file.hashes.sha256.replace(/=+$/, "")) throw new Error("the attachment's sha256 is another");
  const key = await crypto.subtle.importKey("jwk", file.key, "AES-CTR", false, ["decrypt"]);
  const iv = new Uint8Array(Buffer.from(file.iv, "base64"));
  return new Uint8Array(await crypto.subtle.decrypt(aesCtr(iv), key, ciphertext));
}

export async function encryptAttachment(
  clear: Bytes,
): Promise<{ ciphertext: Bytes; file: Omit<EncryptedFile, "url"> }> {
  const key = await crypto.subtle.generateKey({ name: "AES-CTR", length: 256 }, true, ["encrypt", "decrypt"]);
  const iv = new Uint8Array(16);
  crypto.getRandomValues(iv.subarray(0, 8));
  const ciphertext = new Uint8Array(await crypto.subtle.encrypt(aesCtr(iv), key, clear));
  return {
    ciphertext,
    file: {
      v: "v2",
      key: await crypto.subtle.exportKey("jwk", key),
      iv: unpadded(iv),
      hashes: { sha256: unpadded(await crypto.subtle.digest("SHA-256", ciphertext)) },
    },
  };
}
