import type { PreparingEncryptor } from "../model/ports.ts";

/**
 * Who gets the key is decided on what the homeserver knows at the moment of encryption: encoding may have taken long,
 * and so may giving the key to many. Whoever leaves during a share is no reader of what is encrypted after it.
 */
export const atLiveEnd = (
  sync: { toLiveEnd(): Promise<void> },
  encryptor: PreparingEncryptor,
): PreparingEncryptor => ({
  prepare: (roomId) => encryptor.prepare(roomId),
  async encrypt(roomId, eventType, content) {
    await sync.toLiveEnd();
    // once, and not until nothing is new: a homeserver that tells of changes for ever would hold the message for ever
    if (await encryptor.prepare(roomId)) await sync.toLiveEnd();
    return encryptor.encrypt(roomId, eventType, content);
  },
});
