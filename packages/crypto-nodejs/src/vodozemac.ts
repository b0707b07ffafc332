/** Public keys and signatures. */
import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { fromEngine } from "./from-engine.ts";

export class Ed25519PublicKey {
  readonly #inner: wasm.Ed25519PublicKey;

  /** @internal */
  constructor(inner: wasm.Ed25519PublicKey) {
    this.#inner = fromEngine(wasm.Ed25519PublicKey, inner);
  }

  /** In bytes. */
  get length(): number {
    return this.#inner.length;
  }

  /** Unpadded. */
  toBase64(): string {
    return this.#inner.toBase64();
  }
}

export class Curve25519PublicKey {
  readonly #inner: wasm.Curve25519PublicKey;

  /** @internal */
  constructor(inner: wasm.Curve25519PublicKey) {
    this.#inner = fromEngine(wasm.Curve25519PublicKey, inner);
  }

  /** In bytes. */
  get length(): number {
    return this.#inner.length;
  }

  /** Unpadded. */
  toBase64(): string {
    return this.#inner.toBase64();
  }
}

/** The two public keys of a device. */
export class IdentityKeys {
  readonly #inner: wasm.IdentityKeys;

  /** @internal */
  constructor(inner: wasm.IdentityKeys) {
    this.#inner = fromEngine(wasm.IdentityKeys, inner);
  }

  /** Signs. */
  get ed25519(): Ed25519PublicKey {
    return new Ed25519PublicKey(this.#inner.ed25519);
  }

  /** Agrees on secrets. */
  get curve25519(): Curve25519PublicKey {
    return new Curve25519PublicKey(this.#inner.curve25519);
  }
}

export class Ed25519Signature {
  readonly #base64: string;

  constructor(signature: string) {
    const parsed = new wasm.Ed25519Signature(signature);
    this.#base64 = parsed.toBase64();
    parsed.free();
  }

  /** Unpadded. */
  toBase64(): string {
    return this.#base64;
  }

  /** @internal */
  get engine(): wasm.Ed25519Signature {
    return new wasm.Ed25519Signature(this.#base64);
  }
}
