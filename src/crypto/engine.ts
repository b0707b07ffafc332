import { type Engine, openEngine, wasm } from "@matrix-org/matrix-sdk-crypto-nodejs/engine";
import { SottoError } from "../errors.ts";
import type { DeviceId, UserId } from "../model/ids.ts";

export { wasm };
export type Machine = Engine["machine"];

/** Reads and compiles the engine on other threads. Optional: whoever uses the engine without it waits for both. */
export const compileEngine = (): Promise<void> => wasm.initAsync();

export interface OpenMachineOptions {
  userId: UserId;
  deviceId: DeviceId;
  directory: string;
  /** 32 bytes. */
  key: Uint8Array;
}

/** Opens the engine; the holder of the returned engine is the store's only owner. Throws a `STORE_*` error. */
export async function openMachine(options: OpenMachineOptions): Promise<Engine> {
  try {
    return await openEngine(options);
  } catch (thrown) {
    throw asSottoError(thrown);
  }
}

/** By the stable code, which the engine and its store file give in the same way. */
function asSottoError(cause: unknown): unknown {
  switch ((cause as { code?: unknown }).code) {
    case "ERR_STORE_LOCKED":
      return new SottoError("STORE_HELD", "the store is held by another process", { cause });
    case "ERR_STORE_WRONG_KEY":
      return new SottoError("STORE_WRONG_KEY", "the store key does not open this store", { cause });
    case "ERR_STORE_OTHER_DEVICE":
      return new SottoError("STORE_OTHER_DEVICE", "the store belongs to another account or device", {
        cause,
      });
    case "ERR_STORE_NEWER":
      return new SottoError("STORE_NEWER", "the store was written by a newer version", { cause });
    case "ERR_STORE_FULL":
      return new SottoError("DISK_FULL", "the disk is full", { cause });
    case "ERR_STORE_NATIVE":
      return new SottoError("STORE_DAMAGED", "the data directory holds a store of the native engine", {
        cause,
        cure: "name an empty data directory and run `sotto init`: it makes a new device",
      });
    case "ERR_STORE_CORRUPT":
    case "ERR_STORE_FOREIGN":
      return new SottoError("STORE_DAMAGED", "the crypto store is damaged", { cause });
    case "ERR_STORE_LOST":
    case "ERR_STORE_UNUSABLE":
      return new SottoError("STORE_UNUSABLE", "the crypto store cannot be used", { cause });
    default:
      return cause;
  }
}
