import { SottoError } from "../errors.ts";
import type { EncryptedFile } from "../model/event.ts";
import type { ContentRepository } from "../model/ports.ts";
import { decryptBytes } from "./attachment.ts";

/**
 * Downloads an attachment, verifies its hash and decrypts it, all in memory: `maxBytes` is the bound.
 *
 * @throws SottoError `ATTACHMENT_INVALID` above `maxBytes`; else `ATTACHMENT_INVALID` or `ATTACHMENT_HASH_MISMATCH`, as
 *   `decryptBytes` does
 */
export async function downloadVerified(
  repository: ContentRepository,
  file: EncryptedFile,
  maxBytes: number,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  // the repository is asked to stop at maxBytes; memory is guarded here all the same
  for await (const chunk of (await repository.download(file.url, maxBytes)) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new SottoError("ATTACHMENT_INVALID", `the attachment is larger than ${maxBytes} bytes`, {
        cure: "ask the sender for a shorter recording",
      });
    }
    chunks.push(chunk);
  }
  return decryptBytes(file, Buffer.concat(chunks, size));
}
