import { createCipheriv, createDecipheriv, createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { open, unlink } from "node:fs/promises";
import { Readable } from "node:stream";
import { SottoError } from "../errors.ts";
import type { EncryptedFile, UnplacedFile } from "../model/event.ts";
import { attachmentSecrets } from "./encrypted-file.ts";

const ALGORITHM = "aes-256-ctr";

/** An attachment on its way through encryption. */
export interface AttachmentEncryption {
  /** The ciphertext, of the plaintext's length. */
  readonly ciphertext: AsyncGenerator<Buffer, void>;
  /**
   * The key, IV and hash of what went through.
   *
   * @throws Error before the last byte has gone through: the hash is of all of it
   */
  readonly file: UnplacedFile;
}

/**
 * Encrypts one attachment as a stream, AES-256-CTR with a SHA-256 over the ciphertext; nothing is encrypted before it
 * is asked for. Key and IV are born here and serve once: a second use of either would let the two recordings be read
 * from each other.
 * https://spec.matrix.org/v1.19/client-server-api/#sending-encrypted-attachments
 */
export function encryptAttachment(
  plaintext: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
): AttachmentEncryption {
  const key = randomBytes(32);
  const iv = Buffer.concat([randomBytes(8), Buffer.alloc(8)]); // 64 random bits, a 64-bit block counter from zero
  const cipher = createCipheriv(ALGORITHM, key, iv);
  const hash = createHash("sha256");
  let sha256: string | undefined;

  async function* encrypted(): AsyncGenerator<Buffer, void> {
    for await (const bytes of plaintext) {
      for (const piece of pieces(bytes)) {
        const ciphertext = cipher.update(piece);
        hash.update(ciphertext);
        yield ciphertext;
      }
    }
    cipher.final(); // CTR keeps nothing back: this ends the cipher and gives no bytes
    sha256 = unpaddedBase64(hash.digest());
  }

  return {
    ciphertext: encrypted(),
    get file(): UnplacedFile {
      if (sha256 === undefined) throw new Error("the attachment is not encrypted to its end yet");
      const k = key.toString("base64url");
      return {
        v: "v2",
        key: { kty: "oct", alg: "A256CTR", ext: true, k, key_ops: ["encrypt", "decrypt"] },
        iv: unpaddedBase64(iv),
        hashes: { sha256 },
      };
    },
  };
}

/** Encrypts one attachment that is in memory, under a new key and IV. */
export async function encryptBytes(
  plaintext: Uint8Array,
): Promise<{ ciphertext: Buffer; file: UnplacedFile }> {
  const encryption = encryptAttachment([plaintext]);
  const ciphertext = Buffer.allocUnsafe(plaintext.byteLength);
  let length = 0;
  for await (const piece of encryption.ciphertext) length += piece.copy(ciphertext, length);
  return { ciphertext, file: encryption.file };
}

const PIECE_BYTES = 64 * 1024;

/** What is hashed right after it was encrypted is still in the processor's cache: twice as fast as all at once. */
function* pieces(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield bytes.subarray(at, at + PIECE_BYTES);
}

/**
 * Decrypts an attachment that is in memory. The hash is verified before a byte is decrypted: AES-CTR has no
 * authentication of its own, and whoever can change the ciphertext can flip any bit of the plaintext.
 *
 * @throws SottoError `ATTACHMENT_INVALID` when the key, IV or hash is malformed, `ATTACHMENT_HASH_MISMATCH` when the
 *   ciphertext is not what the sender encrypted
 */
export function decryptBytes(file: EncryptedFile, ciphertext: Uint8Array): Buffer {
  const { key, iv, sha256 } = attachmentSecrets(file);
  verify(createHash("sha256").update(ciphertext).digest(), sha256);
  return createDecipheriv(ALGORITHM, key, iv).update(ciphertext);
}

/** An attachment whose ciphertext is here and verified. Whoever has it closes it. */
export interface VerifiedAttachment extends AsyncDisposable {
  /** Bytes, of the ciphertext as of the plaintext. */
  readonly size: number;
  /** The plaintext, as often as it is asked for; decrypted while it is read. Throws `USAGE` once it is closed. */
  stream(): Readable;
}

/**
 * Takes an attachment of any size in bounded memory: the ciphertext is spooled to `spoolPath` and verified, and only then
 * decrypted from there. The spool has no name from the moment it is open, so that nothing is left of it, however this
 * process ends; and what is on the disk is ciphertext.
 *
 * @param spoolPath where the spool is made; must not exist
 * @throws SottoError as {@link decryptBytes} does; an error of `ciphertext` or of the file system as it is
 */
export async function spoolVerified(
  file: EncryptedFile,
  ciphertext: AsyncIterable<Uint8Array>,
  spoolPath: string,
): Promise<VerifiedAttachment> {
  const { key, iv, sha256 } = attachmentSecrets(file);
  const spool = await open(spoolPath, "wx+", 0o600);
  let size = 0;
  try {
    await unlink(spoolPath);
    const hash = createHash("sha256");
    for await (const chunk of ciphertext) {
      hash.update(chunk);
      await spool.writeFile(chunk);
      size += chunk.byteLength;
    }
    verify(hash.digest(), sha256);
  } catch (error) {
    await spool.close();
    throw error;
  }
  // one stream that is left early must not end the others, which Node's own of an open file would do
  async function* decrypted(): AsyncGenerator<Buffer> {
    const decipher = createDecipheriv(ALGORITHM, key, iv);
    for (let at = 0; at < size; ) {
      const { buffer, bytesRead } = await spool.read(Buffer.alloc(PIECE_BYTES), 0, PIECE_BYTES, at);
      if (bytesRead === 0) throw new Error("the spool has become shorter");
      at += bytesRead;
      yield decipher.update(buffer.subarray(0, bytesRead));
    }
  }
  let isClosed = false;
  return {
    size,
    stream() {
      if (isClosed) throw new SottoError("USAGE", "the recording is gone", { cure: TAKE_IT_IN_TIME });
      return Readable.from(decrypted(), { objectMode: false });
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      await spool.close();
    },
  };
}

const TAKE_IT_IN_TIME = "read or save a message while its handler runs, and let the handler wait for that";

function verify(actual: Buffer, expected: Buffer): void {
  if (timingSafeEqual(actual, expected)) return;
  throw new SottoError("ATTACHMENT_HASH_MISMATCH", "the attachment is not the one that was encrypted");
}

const unpaddedBase64 = (bytes: Buffer): string => bytes.toString("base64").replace(/=+$/, "");
