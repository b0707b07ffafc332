import { adminAccount, adminDevices } from "../../matrix/facts/index.ts";
import type { Transport } from "../../matrix/index.ts";
import type { AccountFacts, DeviceFacts, Fact } from "../../model/facts.ts";
import type { UserId } from "../../model/ids.ts";
import type { Asking } from "./asking.ts";

/** What only the admin API tells of a user. Nothing tells when it changes: it is read each time. */
export interface UserOfAdmin {
  account: Fact<AccountFacts>;
  devices: Fact<Awaited<ReturnType<typeof adminDevices>>>;
}

export const NOT_ASKED = {
  unread: "only the admin API tells of accounts: give --admin-token-file",
  notAsked: true,
} as const;

export async function adminFactsOf(admin: Transport, asking: Asking, userId: UserId): Promise<UserOfAdmin> {
  return {
    account: await asking.fact(`the account of ${userId}`, (manner) => adminAccount(admin, userId, manner())),
    devices: await asking.fact(`the sessions of ${userId}`, (manner) =>
      adminDevices(admin, userId, manner()),
    ),
  };
}

/** The devices with keys, and those that only the admin API shows. */
export function withAdminDevices(
  withKeys: Fact<DeviceFacts[]>,
  ofAdmin: UserOfAdmin["devices"] | undefined,
): Fact<DeviceFacts[]> {
  if ("unread" in withKeys || ofAdmin === undefined || "unread" in ofAdmin) return withKeys;
  const sessions = new Map(ofAdmin.value.map((session) => [session.deviceId, session]));
  const known = new Set(withKeys.value.map(({ deviceId }) => deviceId));
  const devices = withKeys.value.map((device): DeviceFacts => {
    const session = sessions.get(device.deviceId);
    return { ...session, ...device, isDehydrated: device.isDehydrated || session?.isDehydrated === true };
  });
  for (const session of ofAdmin.value)
    if (!known.has(session.deviceId)) devices.push({ ...session, isSelfSigned: false, isCrossSigned: false });
  return { value: devices.sort((a, b) => (a.deviceId < b.deviceId ? -1 : 1)) };
}
