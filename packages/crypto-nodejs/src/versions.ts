import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { fromEngine } from "./from-engine.ts";

/** Of the Rust libraries inside the engine. */
export class Versions {
  vodozemac: string;
  matrixSdkCrypto: string;

  /** @internal */
  constructor(inner: wasm.Versions) {
    ({ vodozemac: this.vodozemac, matrix_sdk_crypto: this.matrixSdkCrypto } = fromEngine(
      wasm.Versions,
      inner,
    ));
  }
}

export function getVersions(): Versions {
  return new Versions(wasm.getVersions());
}
