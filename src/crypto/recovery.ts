import { SottoError } from "../errors.ts";
import type { AccountData } from "../model/ports.ts";
import type { RecoveryStore } from "../store/index.ts";
import type { Machine } from "./engine.ts";
import { storeKeys } from "./identity.ts";
import {
  isKeeper,
  keptStorage,
  newStorage,
  type RecoveryKeyKeeper,
  type StorageChoice,
} from "./new-storage.ts";
import {
  BACKUP_SECRET,
  CROSS_SIGNING_SECRETS,
  defaultStorageKey,
  openSecretStorage,
  type SecretStorage,
} from "./secret-storage.ts";

interface RecoveryTools {
  machine: Machine;
  accountData: AccountData;
  recovery: RecoveryStore;
}

/** What the account data says of secret storage, without its key. */
export interface StorageStatus {
  keyId: string | undefined;
  hasPassphrase: boolean;
  /** Names of the secrets that the default key opens. */
  holds: string[];
}

/** Throws a `SECRET_STORAGE_*` error for one that is damaged or of an unknown algorithm. */
export async function storageStatus(accountData: AccountData): Promise<StorageStatus> {
  const key = await defaultStorageKey(accountData);
  if (!key) return { keyId: undefined, hasPassphrase: false, holds: [] };
  const holds: string[] = [];
  for (const name of [...Object.values(CROSS_SIGNING_SECRETS), BACKUP_SECRET]) {
    const encrypted = (await accountData.get(name))?.encrypted;
    if (Object.hasOwn(Object(encrypted), key.keyId)) holds.push(name);
  }
  return { keyId: key.keyId, hasPassphrase: key.description.passphrase !== undefined, holds };
}

/**
 * Has the identity's keys in secret storage: in the one that the secret opens, or in a new one. A storage that is there
 * is replaced only where that was asked for; until the new one is whole, the old key opens what it opened.
 *
 * @throws SottoError `SECRET_STORAGE_EXISTS`, `RECOVERY_KEY_WRONG`, `FILE_EXISTS`
 */
export async function fillStorage(
  tools: RecoveryTools,
  choice: StorageChoice,
  replace: boolean,
): Promise<SecretStorage> {
  const { machine, accountData } = tools;
  if (!isKeeper(choice)) {
    const storage = await openSecretStorage(accountData, choice);
    await storeKeys(machine, async (name, secret) => {
      if ((await storage.find(name)) !== secret) await storage.put(name, secret);
    });
    return storage;
  }
  const storage = await storageOf(tools, choice, replace);
  await storeKeys(machine, (name, secret) => storage.add(name, secret));
  const backupKey = (await machine.getBackupKeys()).decryptionKey?.toBase64();
  if (backupKey !== undefined) await storage.add(BACKUP_SECRET, backupKey);
  await storage.publish();
  await storeKeys(machine, (name, secret) => storage.put(name, secret));
  if (backupKey !== undefined) await storage.put(BACKUP_SECRET, backupKey);
  return storage;
}

async function storageOf(
  tools: RecoveryTools,
  keeper: RecoveryKeyKeeper,
  replace: boolean,
): Promise<SecretStorage> {
  const { accountData } = tools;
  // one that is damaged is there all the same, and can be replaced
  const published = await defaultStorageKey(accountData).catch((thrown) => {
    if (replace) return undefined;
    throw thrown;
  });
  if (published === undefined) return newStorage(tools, keeper);
  const begun = await keptStorage(accountData, keeper, published);
  if (begun) return begun;
  if (replace) return newStorage(tools, keeper);
  throw new SottoError("SECRET_STORAGE_EXISTS", "the account has secret storage already");
}
