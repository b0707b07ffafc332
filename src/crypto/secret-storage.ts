import { SecretStorageKey } from "@matrix-org/matrix-sdk-crypto-nodejs/engine";
import { SottoError } from "../errors.ts";
import type { AccountData } from "../model/ports.ts";

/**
 * Secret storage (4S): secrets in the account's own data, under a key that only the recovery key opens.
 * https://spec.matrix.org/v1.19/client-server-api/#secret-storage
 */
const DEFAULT_KEY = "m.secret_storage.default_key";

/** The cross-signing keys' names in secret storage. */
export const CROSS_SIGNING_SECRETS = {
  master: "m.cross_signing.master",
  selfSigning: "m.cross_signing.self_signing",
  userSigning: "m.cross_signing.user_signing",
} as const;

export interface SecretStorage {
  /** Base58 with a blank after every fourth character. */
  readonly recoveryKey: string;
  put(name: string, secret: string): Promise<void>;
  get(name: string): Promise<string>;
  /** Makes it the account's default storage; what is in it must be there before. */
  publish(): Promise<void>;
}

/** A storage under a new, random key. Nothing is written before the first call. */
export function createSecretStorage(accountData: AccountData): SecretStorage {
  return storageWith(SecretStorageKey.createRandomKey(), accountData);
}

/** Whether the account has a default storage key, of whichever client. */
export async function hasSecretStorage(accountData: AccountData): Promise<boolean> {
  return typeof (await accountData.get(DEFAULT_KEY))?.key === "string";
}

/** Opens the account's default secret storage. Throws `SECRET_STORAGE_MISSING` or `RECOVERY_KEY_WRONG`. */
export async function openSecretStorage(
  accountData: AccountData,
  recoveryKey: string,
): Promise<SecretStorage> {
  const keyId = (await accountData.get(DEFAULT_KEY))?.key;
  if (typeof keyId !== "string")
    throw new SottoError("SECRET_STORAGE_MISSING", "the account has no secret storage");
  const eventType = `m.secret_storage.key.${keyId}`;
  const description = await accountData.get(eventType);
  if (!description)
    throw new SottoError("SECRET_STORAGE_MISSING", "the storage key's description is not there");
  try {
    return storageWith(
      SecretStorageKey.fromAccountData(recoveryKey.trim(), eventType, JSON.stringify(description)),
      accountData,
    );
  } catch (cause) {
    throw new SottoError(
      "RECOVERY_KEY_WRONG",
      "the recovery key does not open the account's secret storage",
      { cause },
    );
  }
}

function storageWith(key: SecretStorageKey, accountData: AccountData): SecretStorage {
  return {
    recoveryKey: key.toBase58(),
    async publish() {
      await accountData.put(key.eventType(), JSON.parse(key.accountDataContent()));
      await accountData.put(DEFAULT_KEY, { key: key.keyId() });
    },
    put: (name, secret) => accountData.put(name, JSON.parse(key.encrypt(secret, name))),
    async get(name) {
      const content = await accountData.get(name);
      if (!content) throw new SottoError("SECRET_STORAGE_MISSING", `secret storage does not hold ${name}`);
      try {
        return key.decrypt(JSON.stringify(content), name);
      } catch (cause) {
        throw new SottoError("SECRET_STORAGE_MISSING", `${name} was stored under another key`, { cause });
      }
    },
  };
}
