import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { toError } from "./errors.ts";
import { explain, openStore, type StoreSecret } from "./store.ts";
import { supervise } from "./supervise.ts";

export interface OpenMachine {
  readonly machine: wasm.OlmMachine;
  close(): Promise<void>;
}

/** Opens the engine's machine on the store in `directory`, or in memory. Whatever door was used, it is set up here. */
export async function openMachine(
  userId: wasm.UserId,
  deviceId: wasm.DeviceId,
  directory: string | null,
  secret: StoreSecret,
): Promise<OpenMachine> {
  const store = directory === null ? null : await openStore(directory, secret);
  try {
    const handle = store?.handle ?? (await wasm.StoreHandle.open(null, null));
    const inner = await wasm.OlmMachine.initFromStore(userId, deviceId, handle);
    inner.roomKeyRequestsEnabled = false;
    inner.roomKeyForwardingEnabled = false; // off since 0.6.2: it gives keys to whoever asks on an old device of ours
    const { object: machine, drain } = supervise(inner, "The OlmMachine");
    const end = async () => {
      await drain();
      inner.close();
    };
    let closing: Promise<void> | undefined;
    return {
      machine,
      close() {
        closing ??= store ? store.close(end) : end();
        return closing;
      },
    };
  } catch (cause) {
    await store?.close(async () => {});
    throw store ? explain(cause, store.path) : toError(cause);
  }
}
