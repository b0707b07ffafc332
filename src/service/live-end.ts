import type { RoomId } from "../model/ids.ts";
import type { PreparingEncryptor } from "../model/ports.ts";

/**
 * Who gets the key is decided on what the homeserver knows at the moment of encryption: encoding may have taken long,
 * and so may giving the key to many. Whoever leaves during a share is no reader of what is encrypted after it.
 */
export function atLiveEnd(
  sync: { toLiveEnd(): Promise<void> },
  encryptor: PreparingEncryptor,
): PreparingEncryptor {
  const underWay = new Map<RoomId, Promise<unknown>>();
  return {
    prepare(roomId) {
      const preparing = encryptor.prepare(roomId).finally(() => {
        if (underWay.get(roomId) === preparing) underWay.delete(roomId);
      });
      underWay.set(roomId, preparing);
      return preparing;
    },
    async encrypt(roomId, eventType, content) {
      // while a key is on its way, the answer below would grow old; what it failed with, encryption says
      await underWay.get(roomId)?.catch(() => undefined);
      await sync.toLiveEnd();
      // once, and not until nothing is new: a homeserver that tells of changes for ever would hold the message for ever
      if (await encryptor.prepare(roomId)) await sync.toLiveEnd();
      return encryptor.encrypt(roomId, eventType, content);
    },
  };
}
