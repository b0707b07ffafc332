import { SottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
import type { AccountData, BackupServer, BackupVersion } from "../model/ports.ts";
import { Serial } from "../serial.ts";
import { type BackupKey, importSessions, type RestoreResult } from "./backup-sessions.ts";
import {
  BACKUP_ALGORITHM,
  type BackupTrust,
  isSignedByIdentity,
  judgeBackup,
  publicKeyOf,
  publicPart,
  refusal,
  signedAuthData,
} from "./backup-version.ts";
import { type Machine, wasm } from "./engine.ts";
import type { RequestPump } from "./requests.ts";
import { BACKUP_SECRET, type SecretStorage } from "./secret-storage.ts";

/** What the homeserver has, and what is done with it. */
export interface BackupStatus {
  /** The homeserver's current version; undefined where it has none. */
  version: string | undefined;
  trust: BackupTrust | undefined;
  /** This device uploads to that version. */
  uploading: boolean;
  /** The private key of that version is here: what is in it can be read. */
  keyHere: boolean;
  /** Sessions in this store, and how many of them the homeserver has. */
  sessions: number;
  backedUp: number;
}

/** The account's key backup. https://spec.matrix.org/v1.19/client-server-api/#server-side-key-backups */
export interface KeyBackup {
  /** Reads the homeserver; changes nothing. */
  status(): Promise<BackupStatus>;
  /** Reads the homeserver, and uploads to what it has from here on, or no more: only to what can be trusted. */
  check(): Promise<BackupStatus>;
  isEnabled(): Promise<boolean>;
  /** False where the account's owner has switched key backup off, with whichever client. */
  isWanted(): Promise<boolean>;
  /**
   * Has a backup of our key at the homeserver and its private key in the storage; makes what is not there. Throws
   * `BACKUP_UNTRUSTED` for one that somebody else made, unless it is to be replaced.
   */
  ensure(storage: SecretStorage, options?: { replace?: boolean }): Promise<"created" | "joined">;
  /**
   * Goes on with the backup that is there, whose private key is in the storage. Throws `BACKUP_MISSING`,
   * `BACKUP_UNTRUSTED`.
   */
  open(storage: SecretStorage): Promise<void>;
  /** Uploads up to a hundred sessions; false when none is left. Throws `BACKUP_CHANGED`. */
  uploadNext(): Promise<boolean>;
  /** Whether a private key is here, with which single sessions are looked for. Asks nobody. */
  canRead(): Promise<boolean>;
  /** Looks for one session; true if it was there and better than what was here. False without a private key. */
  downloadSession(roomId: RoomId, sessionId: string): Promise<boolean>;
  /** Takes everything. Throws `BACKUP_MISSING`, `BACKUP_UNTRUSTED`. */
  restore(
    onProgress?: (result: RestoreResult & { done: number }) => void | Promise<void>,
  ): Promise<RestoreResult>;
  /** Deletes the homeserver's current version and forgets its key. */
  delete(): Promise<void>;
}

/** Whether the account's owner wants a key backup at all (MSC4287). */
const WANTED = "m.key_backup";

interface BackupTools {
  machine: Machine;
  pump: RequestPump;
  accountData: AccountData;
  server: BackupServer;
}

export function createKeyBackup({ machine, pump, accountData, server }: BackupTools): KeyBackup {
  const serial = new Serial();
  /** The version that is used for its signature alone: the engine forgets it when the process ends. */
  let signedVersion: string | undefined;
  /** Nothing uploads while the version changes. */
  const alone = <T>(work: () => Promise<T>): Promise<T> => serial.run("backup", work);

  async function statusOf(backup: BackupVersion | undefined): Promise<BackupStatus> {
    const { backupVersion, decryptionKey } = await machine.getBackupKeys();
    const { total, backedUp } = await machine.roomKeyCounts();
    const publicKey = backup && publicKeyOf(backup);
    const trust = backup && (await judgeBackup(machine, backup));
    const keyHere =
      publicKey !== undefined &&
      backupVersion === backup?.version &&
      decryptionKey?.megolmV1PublicKey.publicKeyBase64 === publicKey;
    const isUsed = keyHere || (trust === "signed" && backup?.version === signedVersion);
    const uploading = isUsed && (await machine.isBackupEnabled());
    return { version: backup?.version, trust, uploading, keyHere, sessions: total, backedUp };
  }

  /** Durable first: the engine goes on with a key that is in its store. */
  async function adopt(privateKey: string, version: string): Promise<void> {
    const kept = await machine.getBackupKeys();
    const isKept = kept.backupVersion === version && kept.decryptionKey?.toBase64() === privateKey;
    if (isKept && (await machine.isBackupEnabled())) return;
    if (!isKept) await machine.disableBackup(); // what an earlier version has says nothing of this one
    await machine.saveBackupDecryptionKey(wasm.BackupDecryptionKey.fromBase64(privateKey), version);
    await machine.enableBackupV1(publicPart(privateKey), version);
  }

  async function create(storage: SecretStorage, privateKey: string): Promise<"created"> {
    // the key can be had again before anything is encrypted for it
    if ((await storage.find(BACKUP_SECRET)) !== privateKey) await storage.put(BACKUP_SECRET, privateKey);
    const authData = await signedAuthData(machine, publicPart(privateKey));
    await adopt(privateKey, await server.create(BACKUP_ALGORITHM, authData));
    if ((await accountData.get(WANTED))?.enabled !== true) await accountData.put(WANTED, { enabled: true });
    return "created";
  }

  /** The private key of the backup that is there, from the storage or from this store. */
  async function ownKey(): Promise<string | undefined> {
    return (await machine.getBackupKeys()).decryptionKey?.toBase64();
  }

  async function keyOfCurrent(): Promise<BackupKey> {
    const backup = await server.current();
    if (!backup) throw missing();
    const { decryptionKey } = await machine.getBackupKeys();
    if (decryptionKey && decryptionKey.megolmV1PublicKey.publicKeyBase64 === publicKeyOf(backup))
      return { decryptionKey, version: backup.version };
    throw refusal(backup.version, await judgeBackup(machine, backup));
  }

  return {
    status: async () => statusOf(await server.current()),

    check: () =>
      alone(async () => {
        const backup = await server.current();
        const trust = backup && (await judgeBackup(machine, backup));
        const kept = await ownKey();
        if (backup && trust === "our key" && kept !== undefined) await adopt(kept, backup.version);
        else {
          if (await machine.isBackupEnabled()) await machine.disableBackup();
          signedVersion = trust === "signed" ? backup?.version : undefined;
          if (backup && signedVersion) await machine.enableBackupV1(publicKeyOf(backup)!, signedVersion);
        }
        return statusOf(backup);
      }),

    isEnabled: () => machine.isBackupEnabled(),
    isWanted: async () => (await accountData.get(WANTED))?.enabled !== false,

    ensure: (storage, { replace = false } = {}) =>
      alone(async () => {
        const backup = await server.current();
        const stored = await storage.find(BACKUP_SECRET);
        if (!backup) return create(storage, stored ?? (await ownKey()) ?? newKey());
        const publicKey = publicKeyOf(backup);
        const ours = [stored, await ownKey()].find(
          (key) => key !== undefined && publicPart(key) === publicKey,
        );
        if (ours === undefined) {
          if (replace) return create(storage, newKey());
          throw refusal(backup.version, await judgeBackup(machine, backup));
        }
        if (ours !== stored) await storage.put(BACKUP_SECRET, ours);
        // signed by an identity that was replaced, or by nobody: others could not trust it
        if (!(await isSignedByIdentity(machine, backup)))
          await server.update(
            backup.version,
            BACKUP_ALGORITHM,
            await signedAuthData(machine, publicPart(ours)),
          );
        await adopt(ours, backup.version);
        return "joined";
      }),

    open: (storage) =>
      alone(async () => {
        const backup = await server.current();
        if (!backup) throw missing();
        const stored = await storage.find(BACKUP_SECRET);
        if (stored === undefined || publicPart(stored) !== publicKeyOf(backup))
          throw refusal(backup.version, await judgeBackup(machine, backup));
        await adopt(stored, backup.version);
      }),

    uploadNext: () =>
      alone(async () => {
        const request = (await machine.isBackupEnabled()) ? await machine.backupRoomKeys() : undefined;
        if (request) await pump.send(request);
        return request !== undefined;
      }),

    canRead: async () => (await ownKey()) !== undefined,

    async downloadSession(roomId, sessionId) {
      const { decryptionKey, backupVersion } = await machine.getBackupKeys();
      if (!decryptionKey || backupVersion === undefined) return false;
      const data = await server.session(backupVersion, roomId, sessionId);
      if (data === undefined) return false;
      const sessions = new Map([[roomId, new Map([[sessionId, data]])]]);
      const { imported } = await importSessions(machine, { decryptionKey, version: backupVersion }, sessions);
      return imported > 0;
    },

    async restore(onProgress) {
      const key = await keyOfCurrent();
      return importSessions(machine, key, await server.sessions(key.version), onProgress);
    },

    delete: () =>
      alone(async () => {
        await accountData.put(WANTED, { enabled: false });
        const backup = await server.current();
        if (backup) await server.delete(backup.version);
        await machine.disableBackup();
        // account data cannot be deleted; the key opens nothing any more
        if (await accountData.get(BACKUP_SECRET)) await accountData.put(BACKUP_SECRET, {});
      }),
  };
}

const missing = (): SottoError =>
  new SottoError("BACKUP_MISSING", "the homeserver has no key backup of this account");

const newKey = (): string => wasm.BackupDecryptionKey.createRandomKey().toBase64();
