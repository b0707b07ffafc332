import type { SyncBatch } from "../model/sync.ts";
import { type Machine, wasm } from "./engine.ts";
import { soundUserIds } from "./user-ids.ts";

/** How many to-device messages of a batch nothing was made of. */
export interface UnusableToDevice {
  /** Not decryptable, of another sender than the one who encrypted them, or of no shape that the spec knows. */
  damaged: number;
  /** Keys and secrets that came in clear: whoever passed them on could have made them. */
  clearKeys: number;
}

/** They count only if they were encrypted with Olm: https://spec.matrix.org/v1.19/client-server-api/#mroom_key */
const ENCRYPTED_ONLY = new Set<unknown>(["m.room_key", "m.forwarded_room_key", "m.secret.send"]);

/** Hands a batch to the engine, which takes what is sound in it and passes over the rest. Durable when it returns. */
export async function receiveToDevice(machine: Machine, batch: SyncBatch): Promise<UnusableToDevice> {
  const { toDevice, deviceLists, oneTimeKeyCounts, unusedFallbackKeyTypes } = batch;
  const processed = await machine.receiveSyncChanges(
    JSON.stringify(toDevice),
    new wasm.DeviceLists(soundUserIds(deviceLists.changed), soundUserIds(deviceLists.left)),
    new Map(Object.entries(oneTimeKeyCounts)),
    unusedFallbackKeyTypes && new Set(unusedFallbackKeyTypes),
  );
  let damaged = 0;
  for (const event of processed) {
    if (event.type === UNDECRYPTABLE || event.type === INVALID) damaged += 1;
    event.free();
  }
  return { damaged, clearKeys: toDevice.filter(isClearKey).length };
}

const UNDECRYPTABLE = wasm.ProcessedToDeviceEventType.UnableToDecrypt;
const INVALID = wasm.ProcessedToDeviceEventType.Invalid;

const isClearKey = (event: unknown): boolean =>
  typeof event === "object" && event !== null && "type" in event && ENCRYPTED_ONLY.has(event.type);
