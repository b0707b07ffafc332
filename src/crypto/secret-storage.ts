import type { SecretStorageKey } from "@matrix-org/matrix-sdk-crypto-nodejs/engine";
import { SottoError } from "../errors.ts";
import type { AccountData } from "../model/ports.ts";
import {
  type DescribedKey,
  isBase64,
  keyBytes,
  newStorageKey,
  type RecoverySecret,
  readDescription,
  STORAGE_KEY_TYPE,
  storageKey,
} from "./storage-key.ts";

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

/** The name of the key backup's private key. */
export const BACKUP_SECRET = "m.megolm_backup.v1";

export interface SecretStorage {
  /** Base58 with a blank after every fourth character. */
  readonly recoveryKey: string;
  /** What the account data says of the key; it holds nothing secret. */
  readonly key: DescribedKey;
  /** Writes a secret for this key alone. */
  put(name: string, secret: string): Promise<void>;
  /** Writes a secret for this key, and leaves what other keys open. */
  add(name: string, secret: string): Promise<void>;
  /**
   * A 32-byte key in unpadded base64; undefined where this key opens none of the name. Throws
   * `SECRET_STORAGE_DAMAGED`, or `RECOVERY_KEY_WRONG` where only the secret itself could tell.
   */
  find(name: string): Promise<string | undefined>;
  /** The same, but throws `SECRET_STORAGE_MISSING`. */
  get(name: string): Promise<string>;
  /** Makes it the account's default storage; what is in it must be there before. */
  publish(): Promise<void>;
}

/** A storage under a new key: random, or one that the passphrase gives as well. Nothing is written. */
export async function createSecretStorage(
  accountData: AccountData,
  passphrase?: string,
): Promise<SecretStorage> {
  const { bytes, ...key } = await newStorageKey(passphrase);
  return storageWith(storageKey(bytes, key), key, accountData);
}

/** The account's default storage key, of whichever client. Throws a `SECRET_STORAGE_*` error. */
export async function defaultStorageKey(accountData: AccountData): Promise<DescribedKey | undefined> {
  const keyId = (await accountData.get(DEFAULT_KEY))?.key;
  // account data cannot be deleted: empty is what a client leaves that has taken its storage away
  if (keyId === undefined || keyId === "") return undefined;
  if (typeof keyId !== "string")
    throw new SottoError("SECRET_STORAGE_DAMAGED", `the account data ${DEFAULT_KEY} names no key`);
  const content = await accountData.get(STORAGE_KEY_TYPE + keyId);
  if (content === undefined)
    throw new SottoError("SECRET_STORAGE_MISSING", "the storage key's description is not there");
  return { keyId, description: readDescription(content) };
}

/** Opens the account's default secret storage. Throws `RECOVERY_KEY_WRONG` or a `SECRET_STORAGE_*` error. */
export async function openSecretStorage(
  accountData: AccountData,
  secret: RecoverySecret,
): Promise<SecretStorage> {
  const key = await defaultStorageKey(accountData);
  if (!key) throw new SottoError("SECRET_STORAGE_MISSING", "the account has no secret storage");
  return openWithKey(accountData, secret, key);
}

/** The same for a key that may not be the account's default yet. */
export async function openWithKey(
  accountData: AccountData,
  secret: RecoverySecret,
  key: DescribedKey,
): Promise<SecretStorage> {
  const bytes = await keyBytes(secret, key.description);
  return storageWith(storageKey(bytes, key), key, accountData);
}

function storageWith(
  key: SecretStorageKey,
  described: DescribedKey,
  accountData: AccountData,
): SecretStorage {
  const { keyId, description } = described;
  const sealed = (name: string, secret: string): { encrypted: Record<string, unknown> } =>
    JSON.parse(key.encrypt(secret, name));

  async function find(name: string): Promise<string | undefined> {
    const content = await accountData.get(name);
    const entry = asObject(content?.encrypted)[keyId];
    if (entry === undefined) return undefined;
    let secret: string;
    try {
      secret = key.decrypt(JSON.stringify({ encrypted: { [keyId]: entry } }), name);
    } catch (cause) {
      if (description.mac === undefined)
        throw new SottoError("RECOVERY_KEY_WRONG", `${name} does not open with this key`, { cause });
      throw new SottoError("SECRET_STORAGE_DAMAGED", `${name} in secret storage is damaged`, { cause });
    }
    if (!isBase64(secret, 32))
      throw new SottoError("SECRET_STORAGE_DAMAGED", `${name} in secret storage is not a 32-byte key`);
    return secret.replace(/=+$/, "");
  }

  return {
    recoveryKey: key.toBase58(),
    key: described,
    put: (name, secret) => accountData.put(name, sealed(name, secret)),
    async add(name, secret) {
      const others = asObject((await accountData.get(name))?.encrypted);
      await accountData.put(name, { encrypted: { ...others, ...sealed(name, secret).encrypted } });
    },
    find,
    async get(name) {
      const secret = await find(name);
      if (secret !== undefined) return secret;
      throw new SottoError("SECRET_STORAGE_MISSING", `secret storage does not hold ${name} under this key`);
    },
    async publish() {
      await accountData.put(STORAGE_KEY_TYPE + keyId, { ...description });
      await accountData.put(DEFAULT_KEY, { key: keyId });
    },
  };
}

const asObject = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
