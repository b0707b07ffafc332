/**
 * Secret storage with `m.secret_storage.v1.aes-hmac-sha2`, which the WASM engine leaves to its callers.
 * https://spec.matrix.org/latest/client-server-api/#msecret_storagev1aes-hmac-sha2
 */
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  hkdfSync,
  pbkdf2Sync,
  randomBytes,
  timingSafeEqual,
} from "node:crypto";
import { CryptoError } from "./errors.ts";
import { decodeRecoveryKey, encodeRecoveryKey } from "./recovery-key.ts";

const ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2";
const EVENT_TYPE = "m.secret_storage.key.";
const PASSPHRASE_ROUNDS = 500_000;

interface PassphraseInfo {
  algorithm: "m.pbkdf2";
  iterations: number;
  salt: string;
  bits?: number;
}

/** Content of `m.secret_storage.key.[key ID]`. `iv` and `mac` are an encryption of zeros, to recognise the key by. */
interface KeyDescription {
  name?: string;
  algorithm: string;
  iv?: string;
  mac?: string;
  passphrase?: PassphraseInfo;
}

interface Encrypted {
  iv: string;
  ciphertext: string;
  mac: string;
}

/** A key that encrypts secrets into account data. */
export class SecretStorageKey {
  readonly #key: Uint8Array;
  readonly #keyId: string;
  readonly #description: KeyDescription;

  private constructor(key: Uint8Array, keyId: string, description: KeyDescription) {
    if (!(key instanceof Uint8Array))
      throw new TypeError("SecretStorageKey has no constructor: see its static methods");
    this.#key = key;
    this.#keyId = keyId;
    this.#description = description;
  }

  static createRandomKey(): SecretStorageKey {
    return SecretStorageKey.#create(randomBytes(32));
  }

  /** Half a million rounds of PBKDF2: it blocks for about 0.3 s. */
  static createFromPassphrase(passphrase: string): SecretStorageKey {
    const info = { algorithm: "m.pbkdf2", iterations: PASSPHRASE_ROUNDS, salt: randomId() } as const;
    return SecretStorageKey.#create(derive(passphrase, info), info);
  }

  static #create(key: Uint8Array, passphrase?: PassphraseInfo): SecretStorageKey {
    const { iv, mac } = encrypt(key, "", Buffer.alloc(32));
    const description = { algorithm: ALGORITHM, iv, mac, ...(passphrase && { passphrase }) };
    return new SecretStorageKey(key, randomId(), description);
  }

  /** Restores a key from its recovery key or passphrase and its description, and checks that they belong together. */
  static fromAccountData(input: string, eventType: string, content: string): SecretStorageKey {
    if (!eventType.startsWith(EVENT_TYPE)) throw failure(`${eventType} is not the type of a key description`);
    const description = parse<KeyDescription>(content);
    if (description.algorithm !== ALGORITHM) {
      throw failure(`The key's algorithm is ${description.algorithm}; only ${ALGORITHM} is known`);
    }
    const decoded = decodeRecoveryKey(input);
    const key =
      typeof decoded === "string" && description.passphrase ? derive(input, description.passphrase) : decoded;
    if (typeof key === "string") throw failure(`The recovery key cannot be read: ${key}`);
    if (!matches(key, description)) throw failure("This is not the key that the description is of");
    return new SecretStorageKey(key, eventType.slice(EVENT_TYPE.length), description);
  }

  /** The recovery key. */
  toBase58(): string {
    return encodeRecoveryKey(this.#key);
  }

  /** Returns the content to store as account data under the secret's name, as JSON. */
  encrypt(plaintext: string, secretName: string): string {
    const encrypted = encrypt(this.#key, secretName, Buffer.from(plaintext, "utf8"));
    return JSON.stringify({ encrypted: { [this.#keyId]: encrypted } });
  }

  decrypt(accountDataContentJson: string, secretName: string): string {
    const { encrypted } = parse<{ encrypted?: Record<string, Encrypted> }>(accountDataContentJson);
    const secret = encrypted?.[this.#keyId];
    if (!secret) throw failure(`${secretName} is not encrypted with the key ${this.#keyId}`);
    return decrypt(this.#key, secretName, secret).toString("utf8");
  }

  /** Content of the account data that describes the key, as JSON. */
  accountDataContent(): string {
    return JSON.stringify(this.#description);
  }

  keyId(): string {
    return this.#keyId;
  }

  eventType(): string {
    return EVENT_TYPE + this.#keyId;
  }
}

/** The three private cross-signing keys, each as account data content in JSON. */
export class SecretStorageItems {
  masterKey: string;
  userSigningKey: string;
  selfSigningKey: string;

  constructor(items: Record<string, string>) {
    const take = (name: string, words: string): string => {
      const item = items[name];
      if (item === undefined) throw failure(`missing ${words} key`);
      return item;
    };
    this.masterKey = take("masterKey", "master");
    this.userSigningKey = take("userSigningKey", "user signing");
    this.selfSigningKey = take("selfSigningKey", "self signing");
  }
}

function encrypt(key: Uint8Array, name: string, plaintext: Uint8Array, iv = randomIv()): Encrypted {
  const { aes, hmac } = subkeys(key, name);
  const cipher = createCipheriv("aes-256-ctr", aes, iv);
  const ciphertext = Buffer.concat([cipher.update(plaintext), cipher.final()]);
  return {
    iv: iv.toString("base64"),
    ciphertext: ciphertext.toString("base64"),
    mac: createHmac("sha256", hmac).update(ciphertext).digest("base64"),
  };
}

function decrypt(key: Uint8Array, name: string, { iv, ciphertext, mac }: Encrypted): Buffer {
  const { aes, hmac } = subkeys(key, name);
  const bytes = Buffer.from(ciphertext, "base64");
  if (!sameMac(createHmac("sha256", hmac).update(bytes).digest(), mac)) {
    throw failure(`The MAC of ${name} is wrong: another key, or another secret's data`);
  }
  const decipher = createDecipheriv("aes-256-ctr", aes, Buffer.from(iv, "base64"));
  return Buffer.concat([decipher.update(bytes), decipher.final()]);
}

/** One key for each purpose and secret; the salt is 32 zero bytes. */
function subkeys(key: Uint8Array, name: string): { aes: Uint8Array; hmac: Uint8Array } {
  const derived = new Uint8Array(hkdfSync("sha256", key, Buffer.alloc(32), name, 64));
  return { aes: derived.subarray(0, 32), hmac: derived.subarray(32) };
}

/** Bit 63 is cleared, for AES implementations that count in 64 bits and differ on the overflow. */
function randomIv(): Buffer {
  const iv = randomBytes(16);
  iv.writeUInt8(iv.readUInt8(8) & 0x7f, 8);
  return iv;
}

/** A description without `iv` and `mac` cannot be checked; the specification has us take the key as it is. */
function matches(key: Uint8Array, { iv, mac }: KeyDescription): boolean {
  if (iv === undefined || mac === undefined) return true;
  const expected = encrypt(key, "", Buffer.alloc(32), Buffer.from(iv, "base64")).mac;
  return sameMac(Buffer.from(expected, "base64"), mac);
}

function sameMac(mac: Buffer, base64: string): boolean {
  const other = Buffer.from(base64, "base64");
  return other.length === mac.length && timingSafeEqual(mac, other);
}

/** https://spec.matrix.org/latest/client-server-api/#deriving-keys-from-passphrases */
function derive(passphrase: string, { algorithm, iterations, salt, bits = 256 }: PassphraseInfo): Uint8Array {
  if (algorithm !== "m.pbkdf2") throw failure(`The passphrase algorithm ${algorithm} is not known`);
  if (bits !== 256) throw failure(`The passphrase gives ${bits} bits, the key has 256`);
  return pbkdf2Sync(passphrase, salt, iterations, bits / 8, "sha512");
}

function randomId(): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"; // 64: no bias
  return Array.from(randomBytes(32), (byte) => alphabet[byte & 63]).join("");
}

function parse<T>(json: string): T {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw failure("The account data is not JSON", cause);
  }
}

function failure(message: string, cause?: unknown): CryptoError {
  return new CryptoError("ERR_SECRET_STORAGE", message, cause);
}
