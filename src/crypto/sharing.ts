import { SottoError } from "../errors.ts";
import type { UserId } from "../model/ids.ts";
import type { Delivery } from "../model/job.ts";
import type { RoomRecord } from "../store/index.ts";
import { type Machine, wasm } from "./engine.ts";
import type { RequestPump } from "./requests.ts";
import { ENGINE_MESSAGES, ENGINE_PERIOD_MICROSECONDS } from "./rotation.ts";

/**
 * Who receives room keys: devices their owner has cross-signed (MSC4153, the default), only devices of users we
 * verified, or every device.
 */
export const SHARE_WITH = ["signed", "verified", "all"] as const;
export type ShareWith = (typeof SHARE_WITH)[number];

/**
 * Gives the room's session to every member's device that the policy allows, and says who got it and who did not, as
 * far as our homeserver can tell: of a member whose server it cannot reach, it tells the devices it knew before.
 */
export async function shareRoomKey(
  machine: Machine,
  pump: RequestPump,
  room: RoomRecord,
  members: readonly UserId[],
  shareWith: ShareWith,
): Promise<Delivery[]> {
  // the engine takes each array's members away with it, so every call gets its own
  const users = () => members.map((userId) => new wasm.UserId(userId));
  await machine.updateTrackedUsers(users());
  await pump.drain();
  await refuseChangedIdentities(machine, members);
  await pump.claimMissing(users);
  const deliveries: Delivery[] = [];
  for (const request of await engineShare(machine, room, users(), shareWith)) {
    await pump.send(request);
    deliveries.push(...readDeliveries(request.event_type, request.body));
  }
  return deliveries;
}

/** Gives a session to every device of every member, whoever they have become: it will carry nothing secret. */
export async function shareForVerification(
  machine: Machine,
  pump: RequestPump,
  room: RoomRecord,
  members: readonly UserId[],
): Promise<void> {
  const users = () => members.map((userId) => new wasm.UserId(userId));
  await machine.updateTrackedUsers(users());
  await pump.drain();
  await pump.claimMissing(users);
  for (const request of await engineShare(machine, room, users(), "all")) await pump.send(request);
}

async function engineShare(
  machine: Machine,
  room: RoomRecord,
  users: wasm.UserId[],
  shareWith: ShareWith,
): Promise<wasm.ToDeviceRequest[]> {
  const settings = new wasm.EncryptionSettings();
  settings.sharingStrategy = strategy(shareWith);
  settings.rotationPeriodMessages = ENGINE_MESSAGES;
  settings.rotationPeriod = ENGINE_PERIOD_MICROSECONDS;
  settings.historyVisibility = historyVisibility(room.historyVisibility);
  try {
    return await machine.shareRoomKey(new wasm.RoomId(room.roomId), users, settings);
  } catch (cause) {
    if (!OWN_IDENTITY_MISSING.test(String(cause))) throw cause;
    throw new SottoError("IDENTITY_NOT_READY", "this device is not signed by its account's identity", {
      cause,
    });
  }
}

/** How the engine says that the strategy needs an identity of our own; it has words for it and no code. */
const OWN_IDENTITY_MISSING = /cross-signing is not set up|device is not verified/i;

/**
 * The engine shares with a swapped identity under every strategy, so Sotto asks first. Throws `IDENTITY_CHANGED` and
 * names the user; nothing is pinned anew by itself.
 */
async function refuseChangedIdentities(machine: Machine, members: readonly UserId[]): Promise<void> {
  for (const userId of members) {
    if (await hasChangedIdentity(machine, userId))
      throw new SottoError("IDENTITY_CHANGED", `the identity of ${userId} has changed`);
  }
}

/** True from the change of a known identity until a person has accepted or verified the new one. */
export async function hasChangedIdentity(machine: Machine, userId: UserId): Promise<boolean> {
  const identity = await machine.getIdentity(new wasm.UserId(userId));
  if (identity === undefined) return false;
  const changed =
    identity.hasVerificationViolation() ||
    (identity instanceof wasm.OtherUserIdentity && identity.identityNeedsUserApproval());
  identity.free();
  return changed;
}

function strategy(shareWith: ShareWith): wasm.CollectStrategy {
  switch (shareWith) {
    case "signed":
      return wasm.CollectStrategy.identityBasedStrategy();
    case "verified":
      return wasm.CollectStrategy.onlyTrustedDevices();
    case "all":
      return wasm.CollectStrategy.allDevices();
  }
}

function historyVisibility(name: string): wasm.HistoryVisibility {
  switch (name) {
    case "invited":
      return wasm.HistoryVisibility.Invited;
    case "shared":
      return wasm.HistoryVisibility.Shared;
    case "world_readable":
      return wasm.HistoryVisibility.WorldReadable;
    default:
      return wasm.HistoryVisibility.Joined;
  }
}

/** https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3sendtodeviceeventtypetxnid */
function readDeliveries(eventType: string, body: string): Delivery[] {
  const { messages } = JSON.parse(body) as { messages: Record<UserId, Record<string, { code?: string }>> };
  return Object.entries(messages).flatMap(([userId, devices]) =>
    Object.entries(devices).map(([deviceId, content]) => ({
      userId,
      deviceId,
      outcome: eventType === "m.room_key.withheld" ? (content.code ?? "m.unavailable") : "shared",
    })),
  );
}
