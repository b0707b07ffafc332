import { pbkdf2, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import {
  decodeRecoveryKey,
  encodeRecoveryKey,
  SecretStorageKey,
} from "@matrix-org/matrix-sdk-crypto-nodejs/engine";
import { SottoError } from "../errors.ts";

/** The key of a secret storage: what describes it, and how it comes of a recovery key or a passphrase. */

export const STORAGE_KEY_TYPE = "m.secret_storage.key.";
const ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2";

/** https://spec.matrix.org/v1.19/client-server-api/#deriving-keys-from-passphrases */
interface PassphraseInfo {
  algorithm: "m.pbkdf2";
  salt: string;
  iterations: number;
  bits?: number;
}

/** https://spec.matrix.org/v1.19/client-server-api/#msecret_storagev1aes-hmac-sha2 */
export interface KeyDescription {
  algorithm: typeof ALGORITHM;
  name?: string;
  /** An encryption of zeros, to recognise the key by; without it any key is taken as it is. */
  iv?: string;
  mac?: string;
  passphrase?: PassphraseInfo;
}

/** What opens secret storage: the recovery key in base58, or the passphrase it was made from. */
export type RecoverySecret = { recoveryKey: string } | { passphrase: string };

/** A key's name in the account data, and what stands there. */
export interface DescribedKey {
  keyId: string;
  description: KeyDescription;
}

const ITERATIONS = 500_000;
/** The homeserver names the number; above this one it could keep the process busy for minutes. */
const MOST_ITERATIONS = 10_000_000;

/**
 * A key that nobody has seen yet: random, or one that the passphrase gives as well. Throws `USAGE` for an empty one.
 */
export async function newStorageKey(
  passphrase: string | undefined,
): Promise<DescribedKey & { bytes: Uint8Array }> {
  if (passphrase?.trim() === "") {
    throw new SottoError("USAGE", "the passphrase is empty: whoever has the account's data could open it", {
      cure: "write a long passphrase into the file, or make a recovery key alone",
    });
  }
  const description: KeyDescription = { algorithm: ALGORITHM };
  if (passphrase !== undefined) {
    const salt = randomBytes(24).toString("base64url");
    description.passphrase = { algorithm: "m.pbkdf2", salt, iterations: ITERATIONS };
  }
  const bytes =
    passphrase === undefined ? randomBytes(32) : await deriveKey(passphrase, description.passphrase);
  const keyId = randomBytes(24).toString("base64url");
  // what others recognise the key by: 32 zero bytes, encrypted under the empty name
  const check = storageKey(bytes, { keyId, description }).encrypt("\0".repeat(32), "");
  const { encrypted } = JSON.parse(check) as { encrypted: Record<string, { iv: string; mac: string }> };
  return {
    keyId,
    bytes,
    description: { ...description, iv: encrypted[keyId]!.iv, mac: encrypted[keyId]!.mac },
  };
}

/** Throws `RECOVERY_KEY_WRONG` with the reason why the text is no recovery key, or why there is no passphrase. */
export async function keyBytes(secret: RecoverySecret, { passphrase }: KeyDescription): Promise<Uint8Array> {
  if ("passphrase" in secret) return deriveKey(secret.passphrase, passphrase);
  const decoded = decodeRecoveryKey(secret.recoveryKey);
  if (typeof decoded !== "string") return decoded;
  throw new SottoError("RECOVERY_KEY_WRONG", `this is not a recovery key: ${decoded}`);
}

/** Throws `RECOVERY_KEY_WRONG` where the description says that it is of another key. */
export function storageKey(bytes: Uint8Array, { keyId, description }: DescribedKey): SecretStorageKey {
  try {
    const content = JSON.stringify(description);
    return SecretStorageKey.fromAccountData(encodeRecoveryKey(bytes), STORAGE_KEY_TYPE + keyId, content);
  } catch (cause) {
    throw new SottoError("RECOVERY_KEY_WRONG", "this does not open the account's secret storage", { cause });
  }
}

async function deriveKey(passphrase: string, info: PassphraseInfo | undefined): Promise<Uint8Array> {
  if (!info) {
    throw new SottoError("RECOVERY_KEY_WRONG", "the account's secret storage was made without a passphrase", {
      cure: "give the recovery key, with --recovery-key-file",
    });
  }
  const { salt, iterations } = info;
  return promisify(pbkdf2)(passphrase, salt, iterations, 32, "sha512"); // off the main thread
}

/** Throws `SECRET_STORAGE_DAMAGED` or `SECRET_STORAGE_UNSUPPORTED`; who wrote it may be anybody. */
export function readDescription(content: Record<string, unknown>): KeyDescription {
  const { algorithm, name, iv, mac, passphrase } = content;
  if (typeof algorithm !== "string") throw damaged("names no algorithm");
  if (algorithm !== ALGORITHM) throw unsupported(`the algorithm ${algorithm}`);
  const description: KeyDescription = { algorithm: ALGORITHM };
  if (typeof name === "string") description.name = name;
  // the spec lets both be absent; one alone, or one of another length, checks nothing
  if (iv !== undefined || mac !== undefined) {
    if (!isBase64(iv, 16) || !isBase64(mac, 32)) throw damaged("has a check that is none");
    Object.assign(description, { iv, mac });
  }
  if (passphrase !== undefined) description.passphrase = readPassphrase(passphrase);
  return description;
}

function readPassphrase(value: unknown): PassphraseInfo {
  const { algorithm, salt, iterations, bits = 256 } = Object(value) as Record<string, unknown>;
  if (typeof algorithm === "string" && algorithm !== "m.pbkdf2")
    throw unsupported(`passphrases by ${algorithm}`);
  if (algorithm !== "m.pbkdf2" || typeof salt !== "string") throw damaged("says nothing of its passphrase");
  if (typeof iterations !== "number" || !Number.isSafeInteger(iterations) || iterations < 1)
    throw damaged("names no number of iterations");
  if (iterations > MOST_ITERATIONS) throw unsupported(`${iterations} iterations`);
  if (bits !== 256) throw unsupported(`a key of ${String(bits)} bits`);
  return { algorithm, salt, iterations };
}

/** Padded or not, as the spec allows; nothing else in it, and so many bytes. */
export function isBase64(value: unknown, bytes: number): value is string {
  if (typeof value !== "string" || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) return false;
  return Buffer.from(value, "base64").length === bytes;
}

const damaged = (what: string): SottoError =>
  new SottoError("SECRET_STORAGE_DAMAGED", `the description of the secret storage key ${what}`);
const unsupported = (what: string): SottoError =>
  new SottoError("SECRET_STORAGE_UNSUPPORTED", `the account's secret storage uses ${what}`);
