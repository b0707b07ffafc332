/** Signed JSON, https://spec.matrix.org/latest/appendices/#signing-json. */
import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { SignatureState, sameName } from "./enums.ts";
import { fromEngine } from "./from-engine.ts";
import type { DeviceKeyId, UserId } from "./identifiers.ts";
import { Ed25519Signature } from "./vodozemac.ts";

/** Signatures by user and key. */
export class Signatures {
  readonly #inner: wasm.Signatures;

  constructor(inner: wasm.Signatures = new wasm.Signatures()) {
    this.#inner = fromEngine(wasm.Signatures, inner);
  }

  /** Returns the signature that was there before, if any. */
  addSignature(signer: UserId, keyId: DeviceKeyId, signature: Ed25519Signature): MaybeSignature | null {
    const replaced = this.#inner.addSignature(signer.engine, keyId.engine, signature.engine);
    return replaced ? new MaybeSignature(replaced) : null;
  }

  getSignature(signer: UserId, keyId: DeviceKeyId): Ed25519Signature | null {
    const signature = this.#inner.getSignature(signer.engine, keyId.engine);
    return signature ? new Ed25519Signature(signature.toBase64()) : null;
  }

  /** By key ID. */
  get(signer: UserId): Record<string, MaybeSignature> | null {
    const signatures = this.#inner.get(signer.engine);
    if (!signatures) return null;
    return Object.fromEntries(
      [...signatures].map(([keyId, signature]) => [keyId, new MaybeSignature(signature)]),
    );
  }

  clear(): void {
    this.#inner.clear();
  }

  get isEmpty(): boolean {
    return this.#inner.isEmpty();
  }

  get count(): bigint {
    return BigInt(this.#inner.count);
  }

  asJSON(): string {
    return this.#inner.asJSON();
  }
}

/** Decoded, not verified. */
export class Signature {
  readonly #inner: wasm.Signature;

  /** @internal */
  constructor(inner: wasm.Signature) {
    this.#inner = fromEngine(wasm.Signature, inner);
  }

  get ed25519(): Ed25519Signature | null {
    return this.#inner.ed25519 ? new Ed25519Signature(this.#inner.ed25519.toBase64()) : null;
  }

  toBase64(): string {
    return this.#inner.toBase64();
  }
}

/** A signature, or a string that claims to be one. "Valid" means that it could be decoded, and no more. */
export class MaybeSignature {
  readonly #inner: wasm.MaybeSignature;
  readonly #signature: Signature | null;

  /** @internal */
  constructor(inner: wasm.MaybeSignature) {
    this.#inner = fromEngine(wasm.MaybeSignature, inner);
    const { signature } = inner;
    this.#signature = signature ? new Signature(signature) : null;
  }

  get isValid(): boolean {
    return this.#inner.isValid();
  }

  get isInvalid(): boolean {
    return this.#inner.isInvalid();
  }

  get signature(): Signature | null {
    return this.#signature;
  }

  get invalidSignatureSource(): string | null {
    return this.#inner.invalidSignatureSource ?? null;
  }
}

/** Who has signed a key backup. */
export class SignatureVerification {
  readonly #inner: wasm.SignatureVerification;

  /** @internal */
  constructor(inner: wasm.SignatureVerification) {
    this.#inner = fromEngine(wasm.SignatureVerification, inner);
  }

  get deviceState(): SignatureState {
    return sameName(this.#inner.deviceState, wasm.SignatureState, SignatureState);
  }

  get userState(): SignatureState {
    return sameName(this.#inner.userState, wasm.SignatureState, SignatureState);
  }

  /** By this device, by our own trusted identity, or by another device of ours that we trust. */
  trusted(): boolean {
    return this.#inner.trusted();
  }
}
