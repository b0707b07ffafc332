import { closeSync, existsSync, mkdirSync, openSync, realpathSync } from "node:fs";
import { join } from "node:path";
import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { CryptoError, type CryptoErrorCode, toError } from "./errors.ts";
import { held, mount } from "./indexed-db.ts";

/** Beside it are its lock file and, while it is open, SQLite's `-wal`. */
export const STORE_FILE = "crypto.sqlite";

/** What the native package keeps there. The engine cannot read it. */
const NATIVE_FILE = "matrix-sdk-crypto.sqlite3";

/** A 32-byte key (fast), a passphrase (PBKDF2 at every open, 0.4 s of blocked event loop), or none: not encrypted. */
export type StoreSecret = Uint8Array | string | null;

export interface OpenStore {
  readonly path: string;
  readonly handle: wasm.StoreHandle;
  /** Frees the store after `last`. Whoever opens it meanwhile waits. */
  close(last: () => Promise<void>): Promise<void>;
}

/** Opens the store in `directory`, creating it if there is none. A store serves one machine at a time. */
export async function openStore(directory: string, secret: StoreSecret): Promise<OpenStore> {
  if (secret instanceof Uint8Array && secret.byteLength !== 32) {
    throw new CryptoError(
      "ERR_STORE_KEY_LENGTH",
      `The store key has ${secret.byteLength} bytes: it must have 32.`,
    );
  }
  refuseNativeStore(directory);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(realpathSync(directory), STORE_FILE);

  for (let holder = held.get(path); holder; holder = held.get(path)) {
    if (holder === "open") throw locked(path);
    await holder;
  }
  held.set(path, "open");

  let release = () => {};
  const shut = async (last?: () => Promise<void>) => {
    try {
      await last?.();
    } finally {
      release();
    }
  };
  try {
    createPrivate(path);
    createPrivate(`${path}.lock`);
    const { file, name, close } = mount(path);
    release = close;
    await refuseOtherProtection(file.indexedDB, secret);
    const handle =
      secret instanceof Uint8Array
        ? await wasm.StoreHandle.openWithKey(name, secret)
        : await wasm.StoreHandle.open(name, secret);
    return { path, handle, close: (last) => settle(path, shut(last)) };
  } catch (cause) {
    await settle(path, shut());
    throw explain(cause, path);
  }
}

/** Keeps `path` held until `closing` has settled. */
function settle(path: string, closing: Promise<void>): Promise<void> {
  const free = () => {
    held.delete(path);
  };
  const settled = closing.then(free, free);
  held.set(path, settled);
  return closing.finally(() => settled);
}

/** SQLite would make it readable for others. A file that exists is not opened: closing it would drop SQLite's locks. */
function createPrivate(path: string): void {
  if (!existsSync(path)) closeSync(openSync(path, "a", 0o600));
}

function refuseNativeStore(directory: string): void {
  if (!existsSync(join(directory, NATIVE_FILE))) return;
  throw new CryptoError(
    "ERR_STORE_NATIVE",
    `${directory} holds a store of the native package (${NATIVE_FILE}), which this engine cannot read; nothing in it ` +
      "was touched. A new account under the old device ID would be mute: log in again to get a new device and give " +
      "it an empty directory.",
  );
}

/**
 * The engine looks for plain and for encrypted records under different keys. Opened the other way it would find no
 * account, and create a second one beside the first.
 */
async function refuseOtherProtection(
  indexedDB: { databases(): Promise<{ name?: string }[]> },
  secret: StoreSecret,
): Promise<void> {
  const names = (await indexedDB.databases()).map(({ name }) => name);
  if (names.length === 0) return;
  const encrypted = names.includes("crypto::matrix-sdk-crypto-meta");
  if (encrypted === (secret !== null)) return;
  throw new CryptoError(
    "ERR_STORE_WRONG_KEY",
    encrypted
      ? "The store is encrypted, and no key was given. Open it with the key or passphrase it was created with."
      : "The store was created without a key, and one was given. Open it without, or start a new device with the key.",
  );
}

/** What the engine and the file say of a store that cannot be used, as a code and a cure. */
export function explain(thrown: unknown, path: string): Error {
  const error = toError(thrown);
  if (error instanceof CryptoError) return error;
  const known = (code: CryptoErrorCode, message: string) =>
    new CryptoError(code, `The store ${path} ${message}`, error);
  switch (storeCode(error) ?? engineCode(error.message)) {
    case "ERR_STORE_LOCKED":
      return locked(path, error);
    case "ERR_STORE_WRONG_KEY":
      return known(
        "ERR_STORE_WRONG_KEY",
        "does not open with this key. Give the key or passphrase it was created with.",
      );
    case "ERR_STORE_OTHER_DEVICE":
      return known(
        "ERR_STORE_OTHER_DEVICE",
        `is another device's: ${error.message}. Use its device ID, or an empty directory for the new device.`,
      );
    case "ERR_STORE_NEWER":
      return known("ERR_STORE_NEWER", "was written by a newer version. Run that version or a later one.");
    case "ERR_STORE_CORRUPT":
    case "ERR_STORE_FOREIGN":
      return known(
        "ERR_STORE_CORRUPT",
        `is damaged, or not one of ours (${error.message}). Start a new device in an empty directory. An older copy of ` +
          "the file must not be used: its Megolm indexes have been used already.",
      );
    default:
      return error;
  }
}

/** The code of a `StoreError` of indexeddb-sqlite, whichever copy of it made the error. */
function storeCode({ code }: Error & { code?: unknown }): string | undefined {
  return typeof code === "string" && code.startsWith("ERR_STORE_") ? code : undefined;
}

/** The engine has no codes for these, only sentences. */
function engineCode(message: string): CryptoErrorCode | undefined {
  if (message.includes("failed to be decrypted while unpickling")) return "ERR_STORE_WRONG_KEY";
  if (message.includes("doesn't match the account in the constructor")) return "ERR_STORE_OTHER_DEVICE";
  if (message.includes("schema version of the crypto store is too new")) return "ERR_STORE_NEWER";
  if (message.includes("database disk image is malformed")) return "ERR_STORE_CORRUPT";
  return undefined;
}

function locked(path: string, cause?: unknown): CryptoError {
  return new CryptoError(
    "ERR_STORE_LOCKED",
    `The store ${path} is in use by another machine. Two machines on one store would use the same Megolm message ` +
      "index twice: close the other one, or stop its process.",
    cause,
  );
}
