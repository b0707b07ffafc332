/**
 * The engine itself, for programs that want what the native API never had: verification, identities, sharing
 * strategies, key bundles. `wasm` is the whole of @matrix-org/matrix-sdk-crypto-wasm; it compiles at its first use.
 */
import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { openMachine } from "./open.ts";

export * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
export { CryptoError, type CryptoErrorCode } from "./errors.ts";
export { decodeRecoveryKey, encodeRecoveryKey } from "./recovery-key.ts";
export { SecretStorageKey } from "./secret-storage.ts";
export { STORE_FILE } from "./store.ts";

export interface EngineOptions {
  readonly userId: string;
  readonly deviceId: string;
  /** Created with mode 0700 if it does not exist; the store is the file `crypto.sqlite` in it. */
  readonly directory: string;
  /** 32 bytes, from which the engine derives what it encrypts the store with. */
  readonly key: Uint8Array;
}

export interface Engine {
  /** Key requests and automatic key forwarding are off. After `close` its calls throw `ERR_MACHINE_CLOSED`. */
  readonly machine: wasm.OlmMachine;
  /**
   * Waits for the machine's calls under way and their writes, frees it and closes the file. Calls of objects that came
   * from it (devices, identities, verifications) are for the caller to wait for.
   */
  close(): Promise<void>;
}

/**
 * Opens the machine of one device, creating account and store the first time.
 *
 * Rejects with a `CryptoError` for a store that must not be used: held elsewhere, of another device, wrong key,
 * native, newer or damaged.
 *
 * A panic of the engine is an uncaught `WebAssembly.RuntimeError`, and the call it happened in never settles. Nothing
 * in memory can be relied on afterwards: let the process end, as Node does by default, and do not wait for `close`. The
 * store is at its last commit.
 */
export async function openEngine({ userId, deviceId, directory, key }: EngineOptions): Promise<Engine> {
  return openMachine(new wasm.UserId(userId), new wasm.DeviceId(deviceId), directory, key);
}
