import { SottoError } from "../errors.ts";
import type { MxcUri, RoomId, UserId } from "../model/ids.ts";
import type { Store } from "../store/index.ts";
import { type Machine, wasm } from "./engine.ts";
import { hasChanged } from "./identity-change.ts";
import { requireOwnSignature } from "./member-keys.ts";
import { encryptedRoom, recipients } from "./recipients.ts";
import type { RequestPump } from "./requests.ts";
import { memberNotAccepted, refuseChangedIdentities, type SharingPolicy } from "./sharing.ts";

/**
 * The keys of a room's shared history for who is invited: a bundle, sealed like an attachment, of which the invited
 * user's signed devices are told. https://github.com/matrix-org/matrix-spec-proposals/pull/4268
 */
const SHARED_VISIBILITY = ["shared", "world_readable"];

/** How long after the joining a bundle is taken, as the proposal recommends. */
const WINDOW_MS = 24 * 3_600_000;

interface Tools {
  machine: Machine;
  pump: RequestPump;
}

/**
 * Does nothing where the room does not share its history, where we hold none of it, or where the user has no signed
 * device: no other device may have it, whatever the policy for new messages is. What holds the room's messages holds
 * its history too, and under `newMembers: hold` nobody gets any who was not accepted in this room.
 *
 * @throws SottoError `IDENTITY_CHANGED`, `IDENTITY_NOT_READY`, `MEMBER_NOT_ACCEPTED`, or `ROOM_*` as for a message; nobody
 * was told of a bundle then
 */
export async function shareHistory(
  { machine, pump, store, policy }: Tools & { store: Store; policy: SharingPolicy },
  roomId: RoomId,
  userId: UserId,
  upload: (bundle: Uint8Array) => Promise<MxcUri>,
): Promise<void> {
  const room = store.rooms.get(roomId);
  if (!room?.encryption || !SHARED_VISIBILITY.includes(room.historyVisibility)) return;
  const refuse = async (): Promise<void> => {
    // before the first share of a room nobody is known, and whoever is not in it yet is not there to be taken as known
    const [stranger] = store.ledger.newMembers(roomId, [userId]) ?? [userId];
    if (policy.newMembers === "hold" && stranger) throw memberNotAccepted(roomId, [stranger]);
    const members = recipients(store.rooms, encryptedRoom(store.rooms, roomId));
    await refuseChangedIdentities(machine, [...new Set([...members, userId])]);
    await requireOwnSignature(machine);
  };
  await pump.send(machine.queryKeysForUsers([new wasm.UserId(userId)]));
  await refuse();
  if (!(await hasSignedDevice(machine, userId))) return;
  const bundle = await machine.buildRoomKeyBundle(new wasm.RoomId(roomId));
  if (!bundle) return;
  const url = await upload(bundle.encryptedData);
  await pump.claimMissing(() => [new wasm.UserId(userId)]);
  await refuse(); // that took time
  const requests = await machine.shareRoomKeyBundleData(
    new wasm.UserId(userId),
    new wasm.RoomId(roomId),
    url,
    bundle.mediaEncryptionInfo,
    policy.shareWith === "verified"
      ? wasm.CollectStrategy.onlyTrustedDevices()
      : wasm.CollectStrategy.identityBasedStrategy(),
  );
  for (const request of requests) await pump.send(request);
}

/** @throws SottoError `IDENTITY_CHANGED`: nothing is awaited then */
export async function awaitHistory(tools: Tools, roomId: RoomId, inviter: UserId): Promise<void> {
  await requireSameIdentity(tools, inviter);
  await tools.machine.storeRoomPendingKeyBundle(new wasm.RoomId(roomId), new wasm.UserId(inviter));
}

/** What became of an awaited bundle that has come. */
export interface ImportedHistory {
  roomId: RoomId;
  /** Why it was not imported. */
  error?: unknown;
}

/**
 * The engine takes a bundle from a signed device of the inviter only; that the identity is still the same is ours to
 * ask.
 */
export async function importHistory(
  machine: Machine,
  download: (url: MxcUri) => Promise<Uint8Array>,
): Promise<ImportedHistory[]> {
  const imported: ImportedHistory[] = [];
  for (const { roomId, inviterId, inviteAcceptedAtMillis } of await machine.getAllRoomsPendingKeyBundles()) {
    const awaited = { roomId: roomId.toString(), inviter: inviterId.toString() };
    if (Date.now() - inviteAcceptedAtMillis > WINDOW_MS) {
      await machine.clearRoomPendingKeyBundle(roomId);
      continue;
    }
    try {
      if (await importBundle(machine, awaited, download)) imported.push({ roomId: awaited.roomId });
    } catch (error) {
      imported.push({ roomId: awaited.roomId, error });
    }
  }
  return imported;
}

async function importBundle(
  machine: Machine,
  { roomId, inviter }: { roomId: RoomId; inviter: UserId },
  download: (url: MxcUri) => Promise<Uint8Array>,
): Promise<boolean> {
  // whoever has invited us is in the room, so that their keys are kept fresh
  await refuseChangedIdentity(machine, inviter);
  const room = (): wasm.RoomId => new wasm.RoomId(roomId);
  const data = await machine.getReceivedRoomKeyBundleData(room(), new wasm.UserId(inviter));
  if (!data) return false;
  const bundle = await download(data.url); // may be tried again; what the engine refuses may not
  await machine.clearRoomPendingKeyBundle(room());
  await machine.receiveRoomKeyBundle(data, bundle);
  return true;
}

async function requireSameIdentity({ machine, pump }: Tools, userId: UserId): Promise<void> {
  await pump.send(machine.queryKeysForUsers([new wasm.UserId(userId)]));
  await refuseChangedIdentity(machine, userId);
}

async function refuseChangedIdentity(machine: Machine, userId: UserId): Promise<void> {
  if (await hasChanged(machine, userId))
    throw new SottoError("IDENTITY_CHANGED", `the identity of ${userId} has changed`);
}

async function hasSignedDevice(machine: Machine, userId: UserId): Promise<boolean> {
  const devices = await machine.getUserDevices(new wasm.UserId(userId));
  return devices.devices().some((device) => device.isCrossSignedByOwner());
}
