import type { DecryptedEvent, RoomEvent } from "../model/event.ts";
import type { DeviceId, MxcUri, RoomId, UserId } from "../model/ids.ts";
import type { AccountData, KeyServer, OneStore } from "../model/ports.ts";
import type { RoomSync, SyncBatch } from "../model/sync.ts";
import { deriveKey, type Store } from "../store/index.ts";
import { decryptRoomEvent } from "./decrypt.ts";
import { openMachine, wasm } from "./engine.ts";
import { awaitHistory, type ImportedHistory, importHistory, shareHistory } from "./history.ts";
import {
  createIdentity,
  type IdentityStatus,
  identityStatus,
  joinIdentity,
  type RecoveryChoice,
} from "./identity.ts";
import { RequestPump } from "./requests.ts";
import { type EncryptionPolicy, PolicyEncryptor } from "./room-encryptor.ts";

export { MissingRoomKey } from "./decrypt.ts";
export type { IdentityStatus, RecoveryChoice } from "./identity.ts";
export { megolmMessageIndex } from "./megolm-message.ts";
export type { EncryptionPolicy } from "./room-encryptor.ts";
export type { RotationLimits } from "./rotation.ts";
export { CROSS_SIGNING_SECRETS, hasSecretStorage, openSecretStorage } from "./secret-storage.ts";
export { SHARE_WITH, type ShareWith } from "./sharing.ts";

/** Opens the engine's store, and with it takes the data directory: whoever holds it is the only one. */
export async function holdEngine(options: {
  userId: UserId;
  deviceId: DeviceId;
  directory: string;
  storeKey: Uint8Array;
}) {
  const { storeKey, ...rest } = options;
  return openMachine({ ...rest, key: deriveKey(storeKey, "crypto engine") });
}
export type HeldEngine = Awaited<ReturnType<typeof holdEngine>>;

export interface CryptoOptions {
  engine: HeldEngine;
  store: Store;
  keyServer: KeyServer;
  accountData: AccountData;
  oneStore: OneStore;
  policy: EncryptionPolicy;
}

/** The account's end-to-end encryption. */
export interface Crypto {
  readonly encryptor: PolicyEncryptor;
  /** `ed25519` and `curve25519`, unpadded base64. */
  readonly identityKeys: { ed25519: string; curve25519: string };
  /** Durable when it returns: only then may the sync token move. */
  receive(batch: SyncBatch): Promise<void>;
  decrypt(roomId: RoomId, event: RoomEvent): Promise<DecryptedEvent>;
  /**
   * Sends what the engine has waiting, and asks for the keys of everyone in our encrypted rooms: who only listens must
   * know them too, to tell a signed sender from an unsigned one.
   */
  drain(): Promise<void>;
  /** Called with the IDs of sessions whose room key arrived. */
  onRoomKeys(listener: (sessionIds: string[]) => void): void;
  /** Before an invitation; uploads the sealed bundle and tells the invited user's signed devices where it lies. */
  shareHistory(
    roomId: RoomId,
    userId: UserId,
    upload: (bundle: Uint8Array) => Promise<MxcUri>,
  ): Promise<void>;
  /** Before an invitation is accepted: this inviter's bundle for this room may be imported, and no other. */
  awaitHistory(roomId: RoomId, inviter: UserId): Promise<void>;
  /** Imports the bundles that are awaited and have come. */
  importHistory(download: (url: MxcUri) => Promise<Uint8Array>): Promise<ImportedHistory[]>;
  identityStatus(): Promise<IdentityStatus>;
  createIdentity(choice: RecoveryChoice): Promise<void>;
  joinIdentity(recoveryKey: string): Promise<void>;
}

export function createCrypto({
  engine,
  store,
  keyServer,
  accountData,
  oneStore,
  policy,
}: CryptoOptions): Crypto {
  const { machine } = engine;
  const pump = new RequestPump(machine, keyServer);
  const encryptor = new PolicyEncryptor(machine, pump, store, oneStore, policy);
  const tools = { machine, pump, keyServer, accountData };
  const keys = machine.identityKeys;
  let membersMayBeNew = true;
  return {
    encryptor,
    identityKeys: { ed25519: keys.ed25519.toBase64(), curve25519: keys.curve25519.toBase64() },
    async receive(batch) {
      membersMayBeNew ||= batch.joined.some(changesMembers);
      const counts = keyCounts(batch);
      const { changed, left } = batch.deviceLists;
      const hasNews = batch.toDevice.length > 0 || changed.length > 0 || left.length > 0;
      if (!hasNews && counts === store.toldKeyCounts()) return;
      await machine.receiveSyncChanges(
        JSON.stringify(batch.toDevice),
        new wasm.DeviceLists(userIds(changed), userIds(left)),
        new Map(Object.entries(batch.oneTimeKeyCounts)),
        batch.unusedFallbackKeyTypes && new Set(batch.unusedFallbackKeyTypes),
      );
      if (counts !== store.toldKeyCounts()) store.setToldKeyCounts(counts);
      for (const userId of changed) encryptor.mustShare(store.rooms.roomsOf(userId));
    },
    decrypt: (roomId, event) => decryptRoomEvent({ machine, pump, sessions: store.sessions }, roomId, event),
    async drain() {
      if (membersMayBeNew) {
        membersMayBeNew = false;
        await machine.updateTrackedUsers(userIds(store.rooms.encryptedMembers()));
      }
      await pump.drain();
    },
    onRoomKeys(listener) {
      machine.registerRoomKeyUpdatedCallback(async (infos) => listener(infos.map((info) => info.sessionId)));
    },
    shareHistory: (roomId, userId, upload) =>
      shareHistory({ machine, pump, store, shareWith: policy.shareWith }, roomId, userId, upload),
    awaitHistory: (roomId, inviter) => awaitHistory({ machine, pump }, roomId, inviter),
    importHistory: (download) => importHistory(machine, download),
    identityStatus: () => identityStatus(tools),
    createIdentity: (choice) => createIdentity(tools, choice),
    joinIdentity: (recoveryKey) => joinIdentity(tools, recoveryKey),
  };
}

const userIds = (ids: UserId[]): wasm.UserId[] => ids.map((id) => new wasm.UserId(id));

const changesMembers = ({ state, timeline }: RoomSync): boolean =>
  [...state, ...timeline].some(({ type }) => type === "m.room.member" || type === "m.room.encryption");

/**
 * What a batch says of our keys on the server. A batch that says the same as the last, and nothing else, is kept from
 * the engine, which would open and seal its account with all its one-time keys for it: 10 ms for each message we send
 * ourselves. The day is in it because the engine renews its fallback key by the clock.
 */
function keyCounts({ oneTimeKeyCounts, unusedFallbackKeyTypes }: SyncBatch): string {
  const day = new Date().toISOString().slice(0, "2026-11-22".length);
  return JSON.stringify([oneTimeKeyCounts, unusedFallbackKeyTypes, day]);
}
