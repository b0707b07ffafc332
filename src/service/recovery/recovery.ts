import type {
  BackupStatus,
  RecoverySecret,
  RestoreResult,
  StorageChoice,
  StorageStatus,
} from "../../crypto/index.ts";
import { SottoError, toSottoError } from "../../errors.ts";
import type { DrillRecord } from "../../store/index.ts";
import type { Account } from "../account.ts";
import type { BackupOutcome } from "../identity.ts";

export interface CreateOptions {
  /** A secret storage that is there is replaced by a new one: its old recovery key opens nothing afterwards. */
  replace?: boolean;
  /** A key backup that is not ours is replaced by a new version. */
  replaceBackup?: boolean;
}

export interface CreateResult {
  /** The name of the storage's key in the account data. */
  keyId: string;
  backup: BackupOutcome;
}

/**
 * Has the identity's private keys in secret storage and a key backup at the homeserver. Called again after it was cut
 * off, it goes on.
 *
 * @throws SottoError `IDENTITY_NOT_READY`, `SECRET_STORAGE_EXISTS`, `RECOVERY_KEY_WRONG`, `BACKUP_UNTRUSTED`
 */
export async function createRecovery(
  { crypto }: Account,
  choice: StorageChoice,
  { replace = false, replaceBackup = false }: CreateOptions = {},
): Promise<CreateResult> {
  const status = await crypto.identityStatus();
  if (!status.exists || !status.privateKeysHere) {
    throw new SottoError("IDENTITY_NOT_READY", "the identity's private keys are not in this store", {
      cure: "run `sotto identity bootstrap`, with --recovery-key-file if the account has an identity",
    });
  }
  const storage = await crypto.fillStorage(choice, replace);
  return {
    keyId: storage.key.keyId,
    backup: await crypto.backup.ensure(storage, { replace: replaceBackup }),
  };
}

export type RestoreProgress = RestoreResult & { done: number };

export interface RestoredRecovery extends RestoreResult {
  identity: "joined" | "already signed";
}

/**
 * What a new machine does with nothing but the recovery key: takes the identity's keys, signs this device, and takes
 * every session of the key backup.
 *
 * @throws SottoError `RECOVERY_KEY_WRONG`, `SECRET_STORAGE_*`, `BACKUP_MISSING`, `BACKUP_UNTRUSTED`
 */
export async function restoreRecovery(
  { crypto }: Account,
  secret: RecoverySecret,
  onProgress?: (progress: RestoreProgress) => void | Promise<void>,
): Promise<RestoredRecovery> {
  const status = await crypto.identityStatus();
  const storage = await crypto.storage(secret);
  const isReady = status.deviceSigned && status.privateKeysHere;
  if (!isReady) await crypto.joinIdentity(storage);
  await crypto.backup.open(storage);
  return { identity: isReady ? "already signed" : "joined", ...(await crypto.backup.restore(onProgress)) };
}

export interface RecoveryReport {
  storage: StorageStatus | { problem: { code: string; message: string } };
  backup: BackupStatus;
  /** The last rehearsal, and the last that went well. */
  lastDrill: DrillRecord | undefined;
  lastGoodDrill: DrillRecord | undefined;
}

/** Says what a recovery would find. Reads only. */
export async function reportRecovery({ crypto, store }: Account): Promise<RecoveryReport> {
  await crypto.identityStatus(); // a signature is judged by the keys that the homeserver shows now
  return {
    storage: await crypto.storageStatus().catch((thrown) => {
      const { code, message } = toSottoError(thrown);
      if (!code.startsWith("SECRET_STORAGE_")) throw thrown;
      return { problem: { code, message } };
    }),
    backup: await crypto.backup.status(),
    lastDrill: store.recovery.lastDrill(),
    lastGoodDrill: store.recovery.lastGoodDrill(),
  };
}

/** Deletes the homeserver's key backup. What is in this store stays. */
export async function deleteBackup({ crypto, config }: Account, userId: string): Promise<void> {
  if (userId !== config.account.userId)
    throw new SottoError("USAGE", `"${userId}" is not the account whose key backup this is`);
  await crypto.backup.delete();
}
