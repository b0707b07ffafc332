import { SottoError } from "../errors.ts";
import type { DeviceId } from "../model/ids.ts";
import type { Account } from "./account.ts";
import type { StoreDoubts } from "./store-watch.ts";

/** What a person must see before they say that this store is the newest there is of its device. */
export interface DoubtReport extends StoreDoubts {
  deviceId: DeviceId;
  /** When the last message that this store knows of was accepted, in milliseconds since the epoch; null for none. */
  lastMessageMs: number | null;
}

/** @throws SottoError `STORE_ROLLED_BACK`, `STORE_COPIED`: there a person cannot help */
export async function storeDoubts(account: Account): Promise<DoubtReport> {
  return report(account, await account.watch.doubts());
}

/**
 * A person has read what is in doubt, and knows that the data directory was never copied or put back.
 *
 * @param deviceId as they have typed it
 * @throws SottoError as `storeDoubts`
 */
export async function confirmStore(account: Account, deviceId: DeviceId): Promise<DoubtReport> {
  if (deviceId !== account.config.account.deviceId)
    throw new SottoError("NOT_CONFIRMED", `the store is of device ${account.config.account.deviceId}`, {
      cure: "nothing was changed; run it again and type the device's name",
    });
  return report(account, await account.watch.confirm());
}

const report = ({ config, store }: Account, doubts: StoreDoubts): DoubtReport => ({
  deviceId: config.account.deviceId,
  ...doubts,
  lastMessageMs: store.jobs.list(1)[0]?.createdMs ?? null,
});
