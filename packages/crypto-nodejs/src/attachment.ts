/** Encrypted attachments, https://spec.matrix.org/latest/client-server-api/#sending-encrypted-attachments. */
import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";

/** Encrypts and decrypts whatever fits in memory. */
// biome-ignore lint/complexity/noStaticOnlyClass: this is the shape of the native API
export class Attachment {
  static encrypt(array: Uint8Array): EncryptedAttachment {
    const encrypted = wasm.Attachment.encrypt(array);
    try {
      return new EncryptedAttachment(encrypted.encryptedData, encrypted.mediaEncryptionInfo ?? "");
    } finally {
      encrypted.free();
    }
  }

  /** Works once per attachment: the key goes with the call. The hash is checked before anything is returned. */
  static decrypt(attachment: EncryptedAttachment): Uint8Array {
    const info = takeInfo(attachment);
    if (info === null)
      throw new Error("The media encryption info are absent from the given encrypted attachment");
    const encrypted = new wasm.EncryptedAttachment(attachment.encryptedData, info);
    try {
      return wasm.Attachment.decrypt(encrypted);
    } finally {
      encrypted.free();
    }
  }
}

let takeInfo: (attachment: EncryptedAttachment) => string | null;

export class EncryptedAttachment {
  encryptedData: Uint8Array;
  #info: string | null;

  static {
    takeInfo = (attachment) => {
      const info = attachment.#info;
      attachment.#info = null;
      return info;
    };
  }

  /**
   * `mediaEncryptionInfo` is an `EncryptedFile` as JSON; it is validated, and what does not belong to it is dropped.
   */
  constructor(encryptedData: Uint8Array, mediaEncryptionInfo: string) {
    const parsed = new wasm.EncryptedAttachment(new Uint8Array(), mediaEncryptionInfo);
    this.#info = parsed.mediaEncryptionInfo ?? null;
    parsed.free();
    this.encryptedData = encryptedData;
  }

  /** JSON, or null once it has been used to decrypt. */
  get mediaEncryptionInfo(): string | null {
    return this.#info;
  }

  get hasMediaEncryptionInfoBeenConsumed(): boolean {
    return this.#info === null;
  }
}
