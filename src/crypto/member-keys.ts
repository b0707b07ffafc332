import { SottoError } from "../errors.ts";
import type { DeviceId, UserId } from "../model/ids.ts";
import type { Delivery } from "../model/job.ts";
import type { Machine } from "./engine.ts";
import type { RequestPump } from "./requests.ts";
import type { ShareWith } from "./sharing.ts";
import { soundUserId } from "./user-ids.ts";

interface MemberDevice {
  deviceId: DeviceId;
  /** Its owner's identity has signed it. */
  signed: boolean;
  /** We verified its owner, or the device itself. */
  verified: boolean;
  blacklisted: boolean;
  dehydrated: boolean;
}

/** What the store knows of a member's devices, after the homeserver was asked. */
export interface MemberDevices {
  userId: UserId;
  /** Without the one that sends. */
  devices: MemberDevice[];
  /** All that the engine takes, the one that sends too. */
  known: ReadonlySet<DeviceId>;
}

/** A look into the engine's store for each member: not for everybody without a reason. */
export async function readDevices(machine: Machine, members: readonly UserId[]): Promise<MemberDevices[]> {
  const own = machine.userId.toString();
  const ownDevice = machine.deviceId.toString();
  const found: MemberDevices[] = [];
  for (const userId of members) {
    const devices = await devicesOf(machine, userId);
    found.push({
      userId,
      devices: devices.filter(({ deviceId }) => userId !== own || deviceId !== ownDevice),
      known: new Set(devices.map(({ deviceId }) => deviceId)),
    });
  }
  return found;
}

async function devicesOf(machine: Machine, userId: UserId): Promise<MemberDevice[]> {
  const id = soundUserId(userId);
  if (!id) return [];
  const listed = await machine.getUserDevices(id);
  const devices = listed.devices().map((device): MemberDevice => {
    const read = {
      deviceId: device.deviceId.toString(),
      signed: device.isCrossSignedByOwner(),
      verified: device.isVerified(),
      blacklisted: device.isBlacklisted(),
      dehydrated: device.isDehydrated,
    };
    device.free();
    return read;
  });
  listed.free();
  return devices;
}

/**
 * The engine looks at our identity only: a homeserver may show our device as one that nobody has signed.
 * Throws `IDENTITY_NOT_READY`.
 */
export async function requireOwnSignature(machine: Machine): Promise<void> {
  const device = await machine.getDevice(machine.userId, machine.deviceId);
  const signed = device?.isCrossSignedByOwner();
  device?.free();
  if (signed) return;
  throw new SottoError(
    "IDENTITY_NOT_READY",
    "the homeserver shows this device without its identity's signature",
  );
}

/** Whom a share would leave out, before anything is claimed or sent. The engine decides in the same way. */
export function previewExcluded(
  members: readonly MemberDevices[],
  unreachable: ReadonlySet<UserId>,
  shareWith: ShareWith,
): Delivery[] {
  const excluded = members.flatMap(({ userId, devices }) =>
    devices.flatMap((device) => {
      const outcome = withheldCode(device, shareWith);
      return outcome === undefined ? [] : [{ userId, deviceId: device.deviceId, outcome }];
    }),
  );
  return [...excluded, ...usersOutOfReach(members, unreachable)];
}

/** Users of whom no device, or not every device, can be reached, in the ledger's words. */
export function usersOutOfReach(
  members: readonly MemberDevices[],
  unreachable: ReadonlySet<UserId>,
): Delivery[] {
  const without = members.filter(({ userId, known }) => known.size === 0 && !unreachable.has(userId));
  return [
    ...[...unreachable].map((userId) => ({ userId, deviceId: null, outcome: "unreachable" })),
    ...without.map(({ userId }) => ({ userId, deviceId: null, outcome: "no-device" })),
  ];
}

/** Of a device whose keys the engine does not take: they are damaged, or not signed by the device itself. */
export const KEYS_INVALID = "keys-invalid";

/** Devices that the homeserver shows and that nothing is shared with, whatever the policy. */
export function unsoundDevices(
  members: readonly MemberDevices[],
  pump: Pick<RequestPump, "listedDevices">,
): Delivery[] {
  return members.flatMap(({ userId, known }) =>
    (pump.listedDevices(userId) ?? [])
      .filter((deviceId) => !known.has(deviceId))
      .map((deviceId) => ({ userId, deviceId, outcome: KEYS_INVALID })),
  );
}

/** https://spec.matrix.org/v1.19/client-server-api/#mroom_keywithheld */
function withheldCode(device: MemberDevice, shareWith: ShareWith): string | undefined {
  if (device.blacklisted) return "m.blacklisted";
  const allowed = {
    signed: device.signed,
    verified: device.verified,
    all: device.signed || !device.dehydrated,
  };
  return allowed[shareWith] ? undefined : "m.unverified";
}
