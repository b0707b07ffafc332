import type { UserKeys } from "../crypto/index.ts";
import type { DeviceId, UserId } from "../model/ids.ts";
import type { Account } from "./account.ts";

/** A user's keys as the homeserver shows them now, and what is known of them here. */
export interface DevicesResult extends UserKeys {
  /** This device, where the user is ourselves. */
  ownDeviceId: DeviceId | undefined;
}

/** @param user ourselves when absent */
export async function listDevices({ config, crypto }: Account, user?: UserId): Promise<DevicesResult> {
  const { userId, deviceId } = config.account;
  const keys = await crypto.keysOf(user ?? userId);
  return { ...keys, ownDeviceId: keys.userId === userId ? deviceId : undefined };
}
