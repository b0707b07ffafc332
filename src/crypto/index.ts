import { randomUUID } from "node:crypto";
import type { DecryptedEvent, RoomEvent } from "../model/event.ts";
import type { DeviceId, MxcUri, RoomId, UserId } from "../model/ids.ts";
import type {
  AccountData,
  BackupServer,
  IdentityProof,
  KeyServer,
  OneStore,
  SendGate,
  UploadIdentity,
} from "../model/ports.ts";
import type { RoomSync, SyncBatch } from "../model/sync.ts";
import { deriveKey, type Store } from "../store/index.ts";
import { createKeyBackup, type KeyBackup } from "./backup.ts";
import { decryptRoomEvent } from "./decrypt.ts";
import { type FingerprintMatch, keysOf, type UserKeys, verifyFingerprint } from "./devices.ts";
import { openMachine } from "./engine.ts";
import { type Held, heldRooms } from "./held.ts";
import { awaitHistory, type ImportedHistory, importHistory, shareHistory } from "./history.ts";
import { createIdentity, type IdentityStatus, identityStatus, joinIdentity, signDevice } from "./identity.ts";
import {
  acceptIdentity,
  freshIdentity,
  ourSigner,
  type RememberedIdentity,
  rememberedIdentity,
  type UserIdentity,
} from "./identity-change.ts";
import { resetIdentity } from "./identity-reset.ts";
import { type RecoveryKeyKeeper, type StorageChoice, storageFor } from "./new-storage.ts";
import { type Alarm, systemAlarm } from "./patience.ts";
import type { OurSigner } from "./published-keys.ts";
import { fillStorage, type StorageStatus, storageStatus } from "./recovery.ts";
import { RequestPump } from "./requests.ts";
import { type EncryptionPolicy, PolicyEncryptor } from "./room-encryptor.ts";
import type { SecretStorage } from "./secret-storage.ts";
import { receiveToDevice, type UnusableToDevice } from "./to-device.ts";
import { soundUserIds } from "./user-ids.ts";
import { Verifications } from "./verifications.ts";

export type { BackupStatus, KeyBackup } from "./backup.ts";
export type { RestoreResult } from "./backup-sessions.ts";
export type { BackupTrust } from "./backup-version.ts";
export { MissingRoomKey } from "./decrypt.ts";
export type { DeviceKeys, FingerprintMatch, UserKeys } from "./devices.ts";
export { compileEngine } from "./engine.ts";
export type { Held } from "./held.ts";
export type { IdentityStatus } from "./identity.ts";
export type { RememberedIdentity, UserIdentity } from "./identity-change.ts";
export { isKeeper, type RecoveryKeyKeeper, type StorageChoice } from "./new-storage.ts";
export {
  hasSigned,
  type OurSigner,
  type PublishedKeys,
  readPublishedKeys,
  type UserSigner,
} from "./published-keys.ts";
export type { StorageStatus } from "./recovery.ts";
export { type Rehearsal, rehearse } from "./rehearsal.ts";
export type { EncryptionPolicy } from "./room-encryptor.ts";
export type { RotationLimits } from "./rotation.ts";
export {
  CROSS_SIGNING_SECRETS,
  defaultStorageKey,
  openSecretStorage,
  type SecretStorage,
} from "./secret-storage.ts";
export { SHARE_WITH, type ShareWith, type SharingPolicy } from "./sharing.ts";
export type { RecoverySecret } from "./storage-key.ts";
export {
  classifyMissingKey,
  type Explanation,
  explain,
  type UndecryptableKind,
} from "./undecryptable.ts";
export type { Verification } from "./verification.ts";
export {
  type Cancelled,
  cancelledError,
  type QrToShow,
  type VerificationMethods,
  type VerificationPhase,
  type VerificationState,
} from "./verification-state.ts";
export { isVerificationEvent, type Verifications } from "./verifications.ts";

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
  uploadIdentity: UploadIdentity;
  backupServer: BackupServer;
  oneStore: OneStore;
  policy: EncryptionPolicy;
  /** Only for the events of verifications, which are encrypted here. */
  gate: SendGate;
  alarm?: Alarm;
}

/** The account's end-to-end encryption. */
export interface Crypto {
  readonly encryptor: PolicyEncryptor;
  /** `ed25519` and `curve25519`, unpadded base64. */
  readonly identityKeys: { ed25519: string; curve25519: string };
  /** Durable when it returns: only then may the sync token move. */
  receive(batch: SyncBatch): Promise<UnusableToDevice>;
  decrypt(roomId: RoomId, event: RoomEvent): Promise<DecryptedEvent>;
  /**
   * Sends what the engine has waiting, and asks for the keys of everyone in our encrypted rooms: who only listens must
   * know them too, to tell a signed sender from an unsigned one.
   */
  drain(): Promise<void>;
  /** Called with the IDs of sessions whose room key arrived. */
  onRoomKeys(listener: (sessionIds: string[]) => void): void;
  readonly backup: KeyBackup;
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
  /** The account's secret storage, or a new one of which nothing is published; see `StorageChoice`. */
  storage(choice: StorageChoice): Promise<SecretStorage>;
  storageStatus(): Promise<StorageStatus>;
  createIdentity(storage: SecretStorage, proof: Omit<IdentityProof, "replaces">): Promise<void>;
  joinIdentity(storage: SecretStorage): Promise<void>;
  /** With the private keys that are here. */
  signDevice(): Promise<void>;
  resetIdentity(keeper: RecoveryKeyKeeper, proof: Omit<IdentityProof, "replaces">): Promise<SecretStorage>;
  /** Has the private keys that are here in secret storage. */
  fillStorage(choice: StorageChoice, replace: boolean): Promise<SecretStorage>;
  readonly verifications: Verifications;
  /** Asks the homeserver. Throws `USER_UNKNOWN`. */
  keysOf(userId: UserId): Promise<UserKeys>;
  /** Takes a key that was compared out of band. Throws `FINGERPRINT_MISMATCH`. */
  verifyFingerprint(claim: {
    userId: UserId;
    deviceId?: DeviceId | undefined;
    key: string;
  }): Promise<FingerprintMatch>;
  heldRooms(): Promise<Held[]>;
  /** A user's identity as the homeserver shows it now. */
  userIdentity(userId: UserId): Promise<UserIdentity>;
  /** As far as this store knows: nobody is asked. */
  rememberedIdentity(userId: UserId): Promise<RememberedIdentity | undefined>;
  /** Undefined where it is not proven here that our own identity is ours. */
  ourSigner(): Promise<OurSigner | undefined>;
  /** @throws `FINGERPRINT_MISMATCH` */
  acceptIdentity(userId: UserId, masterKey: string): Promise<void>;
}

export function createCrypto(options: CryptoOptions): Crypto {
  const { engine, store, keyServer, accountData, uploadIdentity, backupServer: server } = options;
  const { policy, gate, oneStore, alarm = systemAlarm } = options;
  const { machine } = engine;
  const send = async (roomId: RoomId, txnId: string, type: string, content: Record<string, unknown>) => {
    const encrypted = await encryptor.encryptForVerification(roomId, type, content);
    return gate.putEncrypted(roomId, txnId, JSON.stringify(encrypted));
  };
  const pump = new RequestPump(machine, keyServer, {
    keyTimeoutMs: policy.keyTimeoutMs,
    async sendToRoom(roomId, txnId, type, content) {
      return JSON.stringify({ event_id: await send(roomId, txnId, type, JSON.parse(content)) });
    },
  });
  const encryptor = new PolicyEncryptor(machine, pump, store, oneStore, policy);
  const tools = { machine, pump, uploadIdentity, accountData, recovery: store.recovery };
  const verifications = new Verifications({
    machine,
    pump,
    alarm,
    sendRequest: (roomId, content) => send(roomId, randomUUID(), "m.room.message", content),
  });
  const keys = machine.identityKeys;
  let membersMayBeNew = true;
  /** Asking the engine what it has to send costs it a walk through its store. */
  let mayHaveRequests = true;
  /** When the engine has done its work, and not before: somebody may drain meanwhile. */
  const noteRequests = (): void => {
    mayHaveRequests = true;
  };
  return {
    encryptor,
    identityKeys: { ed25519: keys.ed25519.toBase64(), curve25519: keys.curve25519.toBase64() },
    async receive(batch) {
      const counts = keyCounts(batch);
      const { changed, left } = batch.deviceLists;
      const hasNews = batch.toDevice.length > 0 || changed.length > 0 || left.length > 0;
      if (!hasNews && counts === store.toldKeyCounts()) {
        membersMayBeNew ||= batch.joined.some(changesMembers);
        return { damaged: 0, clearKeys: 0 };
      }
      const unusable = await receiveToDevice(machine, batch).finally(noteRequests);
      if (counts !== store.toldKeyCounts()) store.setToldKeyCounts(counts);
      for (const userId of changed) encryptor.mustShare(store.rooms.roomsOf(userId));
      membersMayBeNew ||= batch.joined.some(changesMembers);
      return unusable;
    },
    decrypt(roomId, event) {
      // it asks for keys that it misses
      return decryptRoomEvent({ machine, pump, sessions: store.sessions }, roomId, event).finally(
        noteRequests,
      );
    },
    async drain() {
      if (membersMayBeNew) {
        membersMayBeNew = false;
        mayHaveRequests = true;
        await machine.updateTrackedUsers(soundUserIds(store.rooms.encryptedMembers()));
      }
      if (!mayHaveRequests) return;
      mayHaveRequests = false;
      await pump.drain().catch((thrown) => {
        mayHaveRequests = true;
        throw thrown;
      });
    },
    onRoomKeys(listener) {
      machine.registerRoomKeyUpdatedCallback(async (infos) => listener(infos.map((info) => info.sessionId)));
    },
    backup: createKeyBackup({ machine, pump, accountData, server }),
    shareHistory: (roomId, userId, upload) =>
      shareHistory({ machine, pump, store, policy: policy.sharing(roomId) }, roomId, userId, upload),
    awaitHistory: (roomId, inviter) => awaitHistory({ machine, pump }, roomId, inviter),
    importHistory: (download) => importHistory(machine, download),
    identityStatus: () => identityStatus(tools),
    storage: (choice) => storageFor(tools, choice),
    storageStatus: () => storageStatus(accountData),
    createIdentity: (storage, proof) => createIdentity(tools, storage, proof),
    joinIdentity: (storage) => joinIdentity(tools, storage),
    signDevice: () => signDevice(tools),
    resetIdentity: (keeper, proof) => resetIdentity(tools, keeper, proof),
    fillStorage: (choice, replace) => fillStorage(tools, choice, replace),
    verifications,
    keysOf: (userId) => keysOf(machine, pump, userId),
    verifyFingerprint: (claim) => verifyFingerprint(machine, pump, claim),
    heldRooms: () => heldRooms(machine, store, policy.sharing),
    rememberedIdentity: (userId) => rememberedIdentity(machine, userId),
    ourSigner: () => ourSigner(machine),
    userIdentity: (userId) => freshIdentity(machine, pump, userId),
    async acceptIdentity(userId, masterKey) {
      await acceptIdentity(machine, pump, userId, masterKey);
      encryptor.mustShare(store.rooms.roomsOf(userId));
    },
  };
}

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
