import { MissingRoomKey } from "../crypto/index.ts";
import { SottoError, toSottoError } from "../errors.ts";
import { type Outcomes, SottoClient } from "../matrix/client.ts";
import { downloadVerified, encryptBytes, parseEncryptedFile } from "../media/index.ts";
import type { DecryptedEvent, RoomEvent } from "../model/event.ts";
import type { EventId, RoomId } from "../model/ids.ts";
import type { RoomEncryptor } from "../model/ports.ts";
import type { RoomSync, SyncBatch } from "../model/sync.ts";
import type { Account } from "./account.ts";
import { MAX_ATTACHMENT_BYTES, requireTrust } from "./receiving-policy.ts";

/** The client for bots written for matrix-bot-sdk, on this account's sync, engine and send gate. */
export function createBotClient(account: Account): SottoClient {
  const { transport, gate, crypto, rooms, sync, logger, config, contentRepository } = account;
  const client = new SottoClient({
    transport,
    gate,
    logger,
    userId: config.account.userId,
    sync: {
      // toLiveEnd waits for the first answer, so that a bot that has started knows its rooms
      start: () => {
        sync.run().catch((thrown) => logger.error("sync ended", { reason: toSottoError(thrown).message }));
        return sync.toLiveEnd();
      },
      stop: () => void sync.stop(),
    },
    crypto: {
      deviceId: config.account.deviceId,
      deviceEd25519: crypto.identityKeys.ed25519,
      rooms,
      encryptor: durably(account),
      async shareHistory(roomId, userId) {
        // whether the room still shares its history is what the homeserver knows now
        await sync.toLiveEnd();
        await crypto.shareHistory(roomId, userId, (bundle) =>
          contentRepository.upload(bundle, bundle.length),
        );
      },
      decrypt: (roomId, event) => decryptTrusted(account, roomId, event),
      async encryptMedia(clear) {
        const { ciphertext, file } = await encryptBytes(clear);
        return { bytes: ciphertext, file };
      },
      decryptMedia: (file) =>
        downloadVerified(contentRepository, parseEncryptedFile(file), MAX_ATTACHMENT_BYTES),
    },
  });
  sync.wantAccountData();
  sync.onBatch(async (batch) => client.dispatch(batch, await outcomes(account, batch)));
  return client;
}

/** Its events have no row in the outbox: that the ratchet has moved must be on the disk before they leave. */
const durably = ({ encryptor, store }: Account): RoomEncryptor => ({
  async encrypt(roomId, eventType, content) {
    const event = await encryptor.encrypt(roomId, eventType, content);
    store.settle();
    return event;
  },
});

async function decryptTrusted(account: Account, roomId: RoomId, event: RoomEvent): Promise<DecryptedEvent> {
  const decrypted = await account.crypto.decrypt(roomId, event).catch((thrown) => {
    if (thrown instanceof MissingRoomKey) account.missingKeys.want(roomId, String(event.content.session_id));
    throw thrown;
  });
  requireTrust(account.config, decrypted);
  return decrypted;
}

/** What each event of the timelines is for the bot: decrypted, or refused with the reason. */
async function outcomes(account: Account, batch: SyncBatch): Promise<Outcomes> {
  const found = new Map<EventId, DecryptedEvent | Error>();
  for (const room of batch.joined) {
    for (const event of room.timeline) {
      if (event.type === "m.room.encrypted") {
        found.set(event.event_id, await decryptTrusted(account, room.roomId, event).catch(toSottoError));
      } else if (isClearMessage(account, room, event)) {
        found.set(event.event_id, new SottoError("SENDER_UNTRUSTED", "a clear message in an encrypted room"));
      }
    }
  }
  return found;
}

const isClearMessage = (account: Account, { roomId }: RoomSync, event: { type: string }): boolean =>
  event.type === "m.room.message" && account.store.rooms.get(roomId)?.encryption !== undefined;
