import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { SottoError } from "../errors.ts";
import type { EncryptedFile } from "../model/event.ts";
import type { MxcUri } from "../model/ids.ts";
import type { ContentRepository } from "../model/ports.ts";
import { decryptBytes, encryptBytes, spoolVerified, type VerifiedAttachment } from "./attachment.ts";

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
  for await (const chunk of download(repository, file, maxBytes)) chunks.push(chunk);
  return decryptBytes(file, Buffer.concat(chunks));
}

/**
 * Downloads an attachment and verifies its hash, in bounded memory.
 *
 * @param spoolPath where its ciphertext may lie without a name
 * @throws SottoError as {@link downloadVerified} does; an error of the file system as it is
 */
export const downloadToSpool = (
  repository: ContentRepository,
  file: EncryptedFile,
  { maxBytes, spoolPath }: { maxBytes: number; spoolPath: string },
): Promise<VerifiedAttachment> => spoolVerified(file, download(repository, file, maxBytes), spoolPath);

/**
 * Downloads an attachment that lies on the homeserver in clear; nothing proves what it is. On the disk it is encrypted, as
 * any other; in memory it is whole for a moment.
 *
 * @throws SottoError as {@link downloadToSpool} does
 */
export async function downloadClear(
  repository: ContentRepository,
  url: MxcUri,
  { maxBytes, spoolPath }: { maxBytes: number; spoolPath: string },
): Promise<VerifiedAttachment> {
  const { ciphertext, file } = await encryptBytes(await buffer(download(repository, { url }, maxBytes)));
  return spoolVerified({ ...file, url }, Readable.from([ciphertext]), spoolPath);
}

async function* download(
  repository: ContentRepository,
  { url }: Pick<EncryptedFile, "url">,
  maxBytes: number,
): AsyncGenerator<Uint8Array> {
  let size = 0;
  // the repository is asked to stop at maxBytes; memory and disk are guarded here all the same
  for await (const chunk of (await repository.download(url, maxBytes)) as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new SottoError("ATTACHMENT_INVALID", `the attachment is larger than ${maxBytes} bytes`, {
        cure: "ask the sender for a shorter recording",
      });
    }
    yield chunk;
  }
}
