import { SottoError } from "../errors.ts";
import type { EncryptedFile } from "../model/event.ts";
import type { ContentRepository } from "../model/ports.ts";
import { encryptBytes } from "./attachment.ts";

/** An attachment on the homeserver. */
export interface Upload {
  file: EncryptedFile;
  /** Bytes of the clear file; the ciphertext is as long. */
  size: number;
}

/**
 * Encrypts `plaintext` under a new key and puts the ciphertext into the content repository. The homeserver learns
 * its size and nothing else.
 *
 * @throws SottoError `AUDIO_TOO_LARGE` before anything is sent, when the homeserver names a limit that is exceeded
 */
export async function uploadEncrypted(repository: ContentRepository, plaintext: Uint8Array): Promise<Upload> {
  const size = plaintext.byteLength;
  const maxBytes = await repository.maxUploadBytes();
  if (maxBytes !== undefined && size > maxBytes) {
    throw new SottoError("AUDIO_TOO_LARGE", `the clip has ${size} bytes; the homeserver takes ${maxBytes}`);
  }
  const { ciphertext, file } = await encryptBytes(plaintext);
  const url = await repository.upload(ciphertext, size);
  return { file: { ...file, url }, size };
}
