/** Server-side key backup, https://spec.matrix.org/latest/client-server-api/#server-side-key-backups. */
import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { fromEngine } from "./from-engine.ts";

/** The private part of the backup key. */
export class BackupDecryptionKey {
  readonly #inner: wasm.BackupDecryptionKey;

  /** @internal */
  constructor(inner: wasm.BackupDecryptionKey) {
    this.#inner = fromEngine(wasm.BackupDecryptionKey, inner);
  }

  static createRandomKey(): BackupDecryptionKey {
    return new BackupDecryptionKey(wasm.BackupDecryptionKey.createRandomKey());
  }

  static fromBase64(key: string): BackupDecryptionKey {
    return new BackupDecryptionKey(wasm.BackupDecryptionKey.fromBase64(key));
  }

  toBase64(): string {
    return this.#inner.toBase64();
  }

  get megolmV1PublicKey(): MegolmV1BackupKey {
    return new MegolmV1BackupKey(this.#inner.megolmV1PublicKey);
  }

  /** Decrypts the `session_data` of one backed up session. */
  decryptV1(ephemeralKey: string, mac: string, ciphertext: string): string {
    return this.#inner.decryptV1(ephemeralKey, mac, ciphertext);
  }

  /** @internal */
  get engine(): wasm.BackupDecryptionKey {
    return wasm.BackupDecryptionKey.fromBase64(this.toBase64());
  }
}

/** The public part of the backup key. */
export class MegolmV1BackupKey {
  readonly #inner: wasm.MegolmV1BackupKey;

  /** @internal */
  constructor(inner: wasm.MegolmV1BackupKey) {
    this.#inner = fromEngine(wasm.MegolmV1BackupKey, inner);
  }

  get publicKeyBase64(): string {
    return this.#inner.publicKeyBase64;
  }

  get algorithm(): string {
    return this.#inner.algorithm;
  }
}

export class RoomKeyCounts {
  total: number;
  backedUp: number;

  /** @internal */
  constructor(inner: wasm.RoomKeyCounts) {
    ({ total: this.total, backedUp: this.backedUp } = fromEngine(wasm.RoomKeyCounts, inner));
  }
}

/** The backup key as the store keeps it. */
export class BackupKeys {
  decryptionKeyBase64?: string;
  backupVersion?: string;

  /** @internal */
  constructor(inner: wasm.BackupKeys) {
    const { decryptionKeyBase64, backupVersion } = fromEngine(wasm.BackupKeys, inner);
    if (decryptionKeyBase64 !== undefined) this.decryptionKeyBase64 = decryptionKeyBase64;
    if (backupVersion !== undefined) this.backupVersion = backupVersion;
  }
}
