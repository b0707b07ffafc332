import { SottoError, toSottoError } from "../errors.ts";
import type { AccountData } from "../model/ports.ts";
import type { RecoveryStore } from "../store/index.ts";
import {
  createSecretStorage,
  defaultStorageKey,
  openSecretStorage,
  openWithKey,
  type SecretStorage,
} from "./secret-storage.ts";
import type { DescribedKey, RecoverySecret } from "./storage-key.ts";

/** Where the recovery key of a new secret storage goes. */
export interface RecoveryKeyKeeper {
  /** Opens the new storage as well, beside the recovery key. */
  passphrase?: string;
  /** Puts it where it outlives us: nothing is published before this returns. */
  keep(recoveryKey: string): Promise<void>;
  /** What lies there already: a run that was cut off may have come so far. */
  kept?: string;
}

/** What opens the account's secret storage, or where the key of a new one goes. */
export type StorageChoice = RecoverySecret | RecoveryKeyKeeper;

export const isKeeper = (choice: StorageChoice): choice is RecoveryKeyKeeper => "keep" in choice;

interface StorageTools {
  accountData: AccountData;
  recovery: RecoveryStore;
}

/**
 * The account's secret storage, opened; or a new one, whose key is kept and nothing is published of, where the account
 * has none. Throws `SECRET_STORAGE_EXISTS` rather than put a new one in the place of one that it cannot open.
 */
export async function storageFor(tools: StorageTools, choice: StorageChoice): Promise<SecretStorage> {
  const { accountData } = tools;
  if (!isKeeper(choice)) return openSecretStorage(accountData, choice);
  const published = await defaultStorageKey(accountData);
  if (published === undefined) return newStorage(tools, choice);
  const storage = await keptStorage(accountData, choice, published);
  if (storage) return storage;
  throw new SottoError("SECRET_STORAGE_EXISTS", "the account has secret storage, whose key was not given");
}

/**
 * A new storage, or the one that a run which was cut off has begun. What the key is known by is durable before the key
 * is handed out: so the next run tells it from any other recovery key. Throws `FILE_EXISTS`.
 */
export async function newStorage(
  { accountData, recovery }: StorageTools,
  choice: RecoveryKeyKeeper,
): Promise<SecretStorage> {
  if (choice.kept !== undefined) {
    const pending = recovery.pendingKey() as DescribedKey | undefined;
    const storage = pending && (await keptStorage(accountData, choice, pending));
    if (storage) return storage;
    throw new SottoError("FILE_EXISTS", "something else lies where the recovery key should go");
  }
  const storage = await createSecretStorage(accountData, choice.passphrase);
  recovery.setPendingKey(storage.key);
  await choice.keep(storage.recoveryKey);
  return storage;
}

/** The storage of this key, if the recovery key that was kept is the right one. */
export async function keptStorage(
  accountData: AccountData,
  { kept, passphrase }: RecoveryKeyKeeper,
  key: DescribedKey,
): Promise<SecretStorage | undefined> {
  if (kept === undefined || key.description.mac === undefined) return undefined;
  try {
    if (passphrase !== undefined) await openWithKey(accountData, { passphrase }, key);
    return await openWithKey(accountData, { recoveryKey: kept }, key);
  } catch (thrown) {
    if (toSottoError(thrown).code === "RECOVERY_KEY_WRONG") return undefined;
    throw thrown;
  }
}
