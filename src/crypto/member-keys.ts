import type { DeviceId, UserId } from "../model/ids.ts";
import type { Delivery } from "../model/job.ts";
import { type Machine, wasm } from "./engine.ts";
import { hasChanged } from "./identity-change.ts";
import type { RequestPump } from "./requests.ts";
import type { ShareWith } from "./sharing.ts";

interface MemberDevice {
  deviceId: DeviceId;
  /** Its owner's identity has signed it. */
  signed: boolean;
  /** We verified its owner, or the device itself. */
  verified: boolean;
  blacklisted: boolean;
  dehydrated: boolean;
}

/** What the store knows of a member's keys, after the homeserver was asked. */
export interface MemberKeys {
  userId: UserId;
  identityChanged: boolean;
  /** The member's homeserver gave no answer: there may be devices that we do not know. */
  unreachable: boolean;
  /** Without the one that sends. */
  devices: MemberDevice[];
  hasAnyDevice: boolean;
}

export async function readMemberKeys(
  machine: Machine,
  pump: RequestPump,
  members: readonly UserId[],
): Promise<MemberKeys[]> {
  const own = machine.userId.toString();
  const ownDevice = machine.deviceId.toString();
  const found: MemberKeys[] = [];
  for (const userId of members) {
    const devices = await devicesOf(machine, userId);
    found.push({
      userId,
      identityChanged: await hasChanged(machine, userId),
      unreachable: pump.isUnreachable(userId),
      devices: devices.filter(({ deviceId }) => userId !== own || deviceId !== ownDevice),
      hasAnyDevice: devices.length > 0,
    });
  }
  return found;
}

async function devicesOf(machine: Machine, userId: UserId): Promise<MemberDevice[]> {
  const listed = await machine.getUserDevices(new wasm.UserId(userId));
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

/** Users of whom no device, or not every device, can be reached, in the ledger's words. */
export const usersOutOfReach = (members: readonly MemberKeys[]): Delivery[] =>
  members
    .filter(({ unreachable, hasAnyDevice }) => unreachable || !hasAnyDevice)
    .map(({ userId, unreachable }) => ({
      userId,
      deviceId: null,
      outcome: unreachable ? "unreachable" : "no-device",
    }));

/** Whom a share would leave out, before anything is claimed or sent. The engine decides in the same way. */
export function previewExcluded(members: readonly MemberKeys[], shareWith: ShareWith): Delivery[] {
  const excluded = members.flatMap(({ userId, devices }) =>
    devices
      .map((device) => ({ userId, deviceId: device.deviceId, outcome: withheldCode(device, shareWith) }))
      .filter((delivery): delivery is Delivery & { deviceId: DeviceId } => delivery.outcome !== undefined),
  );
  return [...excluded, ...usersOutOfReach(members)];
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
