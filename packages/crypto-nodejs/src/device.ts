/** What the machine knows of devices and of our own cross-signing keys. */
import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { fromEngine } from "./from-engine.ts";

export class Device {
  readonly #inner: wasm.Device;

  /** @internal */
  constructor(inner: wasm.Device) {
    this.#inner = fromEngine(wasm.Device, inner);
  }

  /** Locally trusted, or cross-signed by an identity that is verified. */
  isVerified(): boolean {
    return this.#inner.isVerified();
  }

  isCrossSigningTrusted(): boolean {
    return this.#inner.isCrossSigningTrusted();
  }

  isCrossSignedByOwner(): boolean {
    return this.#inner.isCrossSignedByOwner();
  }
}

/** Which private cross-signing keys the store holds. */
export class CrossSigningStatus {
  readonly #inner: wasm.CrossSigningStatus;

  /** @internal */
  constructor(inner: wasm.CrossSigningStatus) {
    this.#inner = fromEngine(wasm.CrossSigningStatus, inner);
  }

  get hasMaster(): boolean {
    return this.#inner.hasMaster;
  }

  get hasSelfSigning(): boolean {
    return this.#inner.hasSelfSigning;
  }

  get hasUserSigning(): boolean {
    return this.#inner.hasUserSigning;
  }
}
