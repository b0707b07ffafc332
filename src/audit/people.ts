import type { DeviceFacts, Fact, Facts, IdentityFacts, UserFacts } from "../model/facts.ts";
import type { UserId } from "../model/ids.ts";
import { bridgeByName } from "./bridges.ts";
import { all, type Context } from "./rule.ts";

/** What is known of a user's identity and devices, both or neither. */
export const readKeys = ({ identity, devices }: UserFacts): Fact<[IdentityFacts | null, DeviceFacts[]]> =>
  all<[IdentityFacts | null, DeviceFacts[]]>(identity, devices);

/** Those that take part in encryption and that a person holds. */
export const withKeys = (devices: readonly DeviceFacts[]): DeviceFacts[] =>
  devices.filter(({ keys, isDehydrated }) => keys !== undefined && !isDehydrated);

/** Devices that could be signed and are not: one that has not even signed itself is somebody else's. */
export const unsigned = (devices: readonly DeviceFacts[]): DeviceFacts[] =>
  devices.filter(
    ({ keys, isSelfSigned, isCrossSigned }) => keys !== undefined && isSelfSigned && !isCrossSigned,
  );

/** A program rather than a person: the account says so, or its name looks like a bridge's. */
export const isBot = ({ userId, account }: UserFacts): boolean =>
  ("value" in account && (account.value.userType === "bot" || account.value.appservice !== null)) ||
  bridgeByName(userId) !== undefined;

export const isOurs = ({ by, own }: Facts, userId: UserId): boolean =>
  userId === by || ("value" in own && own.value.userId === userId);

const indexes = new WeakMap<Facts, Map<UserId, UserFacts>>();

/** The same user in the last audit. */
export function before({ previous }: Context, userId: UserId): UserFacts | undefined {
  if (previous === undefined) return undefined;
  const index = indexes.get(previous) ?? new Map(previous.users.map((user) => [user.userId, user]));
  indexes.set(previous, index);
  return index.get(userId);
}

/** `PHONE ("Alice's phone")`. */
export const deviceName = ({ deviceId, displayName }: DeviceFacts): string =>
  displayName === undefined ? deviceId : `${deviceId} ("${displayName}")`;

/** How an administrator ends a device of somebody else's. https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#delete-multiple-devices */
export const endDevice = (userId: UserId, deviceId: string): string =>
  `POST /_synapse/admin/v2/users/${userId}/delete_devices ${JSON.stringify({ devices: [deviceId] })}`;
