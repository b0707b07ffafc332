import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { CryptoError, toError } from "./errors.ts";

/**
 * Most classes have no constructor of their own in the native package: their objects come from the machine. Here the
 * constructor takes the engine's object, and `new Device()` fails as it does there.
 */
export function fromEngine<T>(type: { readonly prototype: T; readonly name: string }, value: T): T {
  if (Object.prototype.isPrototypeOf.call(type.prototype as object, value as object)) return value;
  throw new TypeError(`${type.name} has no constructor: the machine makes its objects`);
}

/** Awaits the engine. What it rejects with is not always an `Error`. */
export async function settle<T>(result: Promise<T>): Promise<T> {
  try {
    return await result;
  } catch (thrown) {
    if (thrown instanceof wasm.MegolmDecryptionError) {
      throw new CryptoError("ERR_DECRYPTION", thrown.description, thrown);
    }
    throw toError(thrown);
  }
}
