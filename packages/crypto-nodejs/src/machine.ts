import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { type BackupDecryptionKey, BackupKeys, RoomKeyCounts } from "./backup.ts";
import { exportSecrets, importSecrets } from "./cross-signing-secrets.ts";
import { CrossSigningStatus, Device } from "./device.ts";
import type { EncryptionSettings } from "./encryption.ts";
import { RequestType, StoreType, sameName } from "./enums.ts";
import { CryptoError, toError } from "./errors.ts";
import { settle } from "./from-engine.ts";
import { DeviceId, engineUsers, type RoomId, UserId } from "./identifiers.ts";
import { openMachine } from "./open.ts";
import {
  CrossSigningBootstrapRequests,
  KeysBackupRequest,
  KeysClaimRequest,
  KeysQueryRequest,
  type OutgoingRequest,
  outgoingRequest,
  type SignatureUploadRequest,
  ToDeviceRequest,
} from "./requests.ts";
import { DecryptedRoomEvent } from "./responses.ts";
import { RoomKeyLife } from "./room-key-life.ts";
import type { SecretStorageItems, SecretStorageKey } from "./secret-storage.ts";
import { Signatures, SignatureVerification } from "./signatures.ts";
import type { DeviceLists } from "./sync-events.ts";
import { IdentityKeys } from "./vodozemac.ts";

/** Keeps the constructor for `initialize`. */
const MADE_BY_INITIALIZE = Symbol();

/** The state machine of end-to-end encryption, without network: `OlmMachine` of matrix-sdk-crypto-nodejs 0.6.6. */
export class OlmMachine {
  readonly #engine: wasm.OlmMachine;
  readonly #close: () => Promise<void>;
  readonly #life = new RoomKeyLife();
  #newRoomKeys: wasm.RoomKeyInfo[] = [];

  /** @internal */
  constructor(token?: typeof MADE_BY_INITIALIZE, machine?: wasm.OlmMachine, close?: () => Promise<void>) {
    if (token !== MADE_BY_INITIALIZE || !machine || !close) {
      throw new TypeError("To build an `OlmMachine`, please use the `initialize` method");
    }
    this.#engine = machine;
    this.#close = close;
    machine.registerRoomKeyUpdatedCallback(async (keys) => {
      this.#newRoomKeys.push(...keys);
    });
  }

  /**
   * @param storePath directory of the store, created if it does not exist; without it everything is in memory only
   * @param storePassphrase encrypts the store: a passphrase, or (not in the native package) a 32-byte key, which spares
   *   the 0.4 s of key derivation at each start. An empty one is taken as none: it would protect nothing
   */
  static async initialize(
    userId: UserId,
    deviceId: DeviceId,
    storePath?: string | null,
    storePassphrase?: string | Uint8Array | null,
    storeType?: StoreType | null,
  ): Promise<OlmMachine> {
    if ((storeType ?? StoreType.Sqlite) !== StoreType.Sqlite)
      throw new RangeError(`there is no store type ${storeType}`);
    const { machine, close } = await openMachine(
      userId.engine,
      deviceId.engine,
      storePath ?? null,
      storePassphrase || null,
    );
    return new OlmMachine(MADE_BY_INITIALIZE, machine, close);
  }

  get userId(): UserId {
    return new UserId(this.#engine.userId.toString());
  }

  get deviceId(): DeviceId {
    return new DeviceId(this.#engine.deviceId.toString());
  }

  get identityKeys(): IdentityKeys {
    return new IdentityKeys(this.#engine.identityKeys);
  }

  /**
   * Takes to-device events (a JSON array) and key counts of a sync response. Resolves to JSON: an array of the
   * processed events, decrypted where they were encrypted, and an array of the room keys that came with them.
   */
  async receiveSyncChanges(
    toDeviceEvents: string,
    changedDevices: DeviceLists,
    oneTimeKeyCounts: Record<string, number>,
    unusedFallbackKeys: string[],
  ): Promise<string> {
    const processed = await settle(
      this.#engine.receiveSyncChanges(
        toDeviceEvents,
        changedDevices.engine,
        new Map(Object.entries(oneTimeKeyCounts)),
        new Set(unusedFallbackKeys),
        untrusted(),
      ),
    );
    const keys = this.#newRoomKeys.splice(0).map((key) => ({
      algorithm: "m.megolm.v1.aes-sha2",
      room_id: key.roomId.toString(),
      sender_key: key.senderKey.toBase64(),
      session_id: key.sessionId,
    }));
    return `[[${processed.map((event) => event.rawEvent).join()}],${JSON.stringify(keys)}]`;
  }

  /** What has to be sent to the homeserver; each answer goes to `markRequestAsSent`. */
  async outgoingRequests(): Promise<OutgoingRequest[]> {
    return (await settle(this.#engine.outgoingRequests())).map(outgoingRequest);
  }

  async markRequestAsSent(requestId: string, requestType: RequestType, response: string): Promise<boolean> {
    return settle(
      this.#engine.markRequestAsSent(
        requestId,
        sameName(requestType, RequestType, wasm.RequestType),
        response,
      ),
    );
  }

  /** The request for Olm sessions with the users' devices, or null if there are sessions with all. One at a time. */
  async getMissingSessions(users?: UserId[] | null): Promise<KeysClaimRequest | null> {
    const request = await settle(this.#engine.getMissingSessions(engineUsers(users ?? [])));
    return request ? new KeysClaimRequest(request) : null;
  }

  async updateTrackedUsers(users: UserId[]): Promise<void> {
    await settle(this.#engine.updateTrackedUsers(engineUsers(users)));
  }

  /** To-device requests that bring the room's key to the users' devices; it is rotated first where it has to be. */
  async shareRoomKey(
    roomId: RoomId,
    users: UserId[],
    encryptionSettings: EncryptionSettings,
  ): Promise<ToDeviceRequest[]> {
    return this.#life.share(roomId, encryptionSettings, async () => {
      const requests = this.#engine.shareRoomKey(
        roomId.engine,
        engineUsers(users),
        encryptionSettings.engine,
      );
      return (await settle(requests)).map((request) => new ToDeviceRequest(request));
    });
  }

  /** A key query beside those of `outgoingRequests`, for users whose devices must be known as of now. */
  queryKeysForUsers(users: UserId[]): KeysQueryRequest {
    return new KeysQueryRequest(this.#engine.queryKeysForUsers(engineUsers(users)));
  }

  /** The room's key must have been shared; with one that is used up or missing the engine would panic. */
  async encryptRoomEvent(roomId: RoomId, eventType: string, content: string): Promise<string> {
    if (!this.#life.knows(roomId) && !(await this.#hasOwnRoomKey(roomId))) {
      throw new CryptoError(
        "ERR_ROOM_KEY_MISSING",
        `${roomId} has no room key of this device yet: call shareRoomKey first`,
      );
    }
    return this.#life.encrypt(roomId, () =>
      settle(this.#engine.encryptRoomEvent(roomId.engine, eventType, content)),
    );
  }

  async decryptRoomEvent(event: string, roomId: RoomId): Promise<DecryptedRoomEvent> {
    return new DecryptedRoomEvent(
      await settle(this.#engine.decryptRoomEvent(event, roomId.engine, untrusted())),
    );
  }

  async crossSigningStatus(): Promise<CrossSigningStatus> {
    return new CrossSigningStatus(await settle(this.#engine.crossSigningStatus()));
  }

  /** Creates a cross-signing identity. `reset` replaces the one there is, and with it all trust in it. */
  async bootstrapCrossSigning(reset: boolean): Promise<CrossSigningBootstrapRequests> {
    return new CrossSigningBootstrapRequests(await settle(this.#engine.bootstrapCrossSigning(reset)));
  }

  /** Signs with the device key, and with the master key if the store has it. */
  async sign(message: string): Promise<Signatures> {
    return new Signatures(await settle(this.#engine.sign(message)));
  }

  async saveBackupDecryptionKey(decryptionKey: BackupDecryptionKey, version: string): Promise<void> {
    await settle(this.#engine.saveBackupDecryptionKey(decryptionKey.engine, version));
  }

  async getBackupKeys(): Promise<BackupKeys> {
    return new BackupKeys(await settle(this.#engine.getBackupKeys()));
  }

  /** Who has signed the backup; `backupInfo` is the answer of `GET /room_keys/version`. */
  async verifyBackup(backupInfo: string): Promise<SignatureVerification> {
    return new SignatureVerification(await settle(this.#engine.verifyBackup(JSON.parse(backupInfo))));
  }

  /** The caller answers for the key: whoever has its private part reads every room key that is backed up. */
  async enableBackupV1(publicKeyBase64: string, version: string): Promise<void> {
    await settle(this.#engine.enableBackupV1(publicKeyBase64, version));
  }

  async isBackupEnabled(): Promise<boolean> {
    return settle(this.#engine.isBackupEnabled());
  }

  async disableBackup(): Promise<void> {
    await settle(this.#engine.disableBackup());
  }

  /** The next batch of room keys to back up, or null if all are. */
  async backupRoomKeys(): Promise<KeysBackupRequest | null> {
    const request = await settle(this.#engine.backupRoomKeys());
    return request ? new KeysBackupRequest(request) : null;
  }

  /** The keys of one session as JSON, **not encrypted**. */
  async exportRoomKeysForSession(roomId: string, sessionId: string): Promise<string> {
    return settle(
      this.#engine.exportRoomKeys(
        (session) => session.roomId.toString() === roomId && session.sessionId === sessionId,
      ),
    );
  }

  async roomKeyCounts(): Promise<RoomKeyCounts> {
    return new RoomKeyCounts(await settle(this.#engine.roomKeyCounts()));
  }

  async #hasOwnRoomKey(roomId: RoomId): Promise<boolean> {
    const own = this.identityKeys.curve25519.toBase64();
    let found = false;
    const look = (session: wasm.InboundGroupSession): boolean => {
      found ||= session.roomId.toString() === roomId.toString() && session.senderKey.toBase64() === own;
      return false;
    };
    await settle(this.#engine.exportRoomKeys(look));
    return found;
  }

  /**
   * From here on every call fails. The store is free when the calls under way are done; `initialize` waits for that.
   */
  close(): void {
    this.#close().catch((error: unknown) => process.emitWarning(toError(error)));
  }

  /** The private cross-signing keys as account data, encrypted with the key. */
  async exportSecretsForSecretStorage(secretStorageKey: SecretStorageKey): Promise<SecretStorageItems> {
    return exportSecrets(this.#engine, secretStorageKey);
  }

  /** Takes the private cross-signing keys, which must belong to the public ones, and signs this device with them. */
  async importSecretsFromSecretStorage(
    secretStorageKey: SecretStorageKey,
    items: SecretStorageItems,
  ): Promise<SignatureUploadRequest> {
    return importSecrets(this.#engine, secretStorageKey, items);
  }

  /** With a timeout, in seconds, it waits for a key query that is under way. */
  async getDevice(userId: UserId, deviceId: DeviceId, timeout?: number | null): Promise<Device | null> {
    const device = await settle(this.#engine.getDevice(userId.engine, deviceId.engine, timeout));
    return device ? new Device(device) : null;
  }
}

/** The native package decrypts whoever the sender is, and reports on them in `shieldState`. */
function untrusted(): wasm.DecryptionSettings {
  return new wasm.DecryptionSettings(wasm.TrustRequirement.Untrusted);
}
