import { setTimeout as delay } from "node:timers/promises";
import { SottoError } from "../errors.ts";
import { isRoomAlias, isRoomId, isUserId, type RoomId } from "../model/ids.ts";
import type { Account } from "./account.ts";

/** A homeserver of several processes may answer a join before its sync knows of it. */
const ROUNDS_AFTER_JOIN = 5;
const PAUSE_MS = 200;

interface FindOptions {
  /** Whether a room will do that is not encrypted: one that nothing is sent to. */
  mayBeClear?: (roomId: RoomId) => boolean;
}

/**
 * The encrypted room that is meant: by ID, by alias, or by the user we share a direct room with. What we know of it is
 * up to date when this returns, or kept so by a running sync. A room we are not in is joined if it was named by its
 * alias or if we are invited; a bare ID of any other room is refused.
 */
export async function findRoom(
  account: Account,
  target: string,
  { mayBeClear = () => false }: FindOptions = {},
): Promise<RoomId> {
  // a service that stays in sync knows its rooms well enough to begin; encryption asks again, and that is what counts
  if (account.sync.isRunning && isJoined(account, target) && isEncrypted(account, target)) return target;
  const [found] = await Promise.all([resolve(account, target), account.sync.toLiveEnd()]);
  const roomId = isJoined(account, found) ? found : await enter(account, target, found);
  // one that was made just now may have come in pieces
  if (isJoined(account, roomId) && !isEncrypted(account, roomId)) await account.sync.toLiveEnd();
  if (!isEncrypted(account, roomId)) await refuseClear(account, roomId, mayBeClear(roomId));
  return roomId;
}

/** The same, of a room that something is about to be sent to. @throws SottoError `ROOM_EVACUATED`, `ROOM_BELOW_POLICY` too */
export async function findOpenRoom(account: Account, target: string): Promise<RoomId> {
  const roomId = await findRoom(account, target);
  account.stops.requireOpen(roomId);
  return roomId;
}

async function resolve(account: Account, target: string): Promise<RoomId> {
  if (isRoomId(target)) return target;
  if (isRoomAlias(target)) return account.rooms.resolveAlias(target);
  if (isUserId(target)) return account.directRoom(target);
  throw new SottoError("USAGE", `${target} is neither a room ID, nor an alias, nor a user ID`);
}

const isJoined = ({ store }: Account, roomId: RoomId): boolean =>
  store.rooms.get(roomId)?.membership === "join";

const isEncrypted = ({ store }: Account, roomId: RoomId): boolean =>
  store.rooms.get(roomId)?.encryption !== undefined;

/** Gives the room once sync knows that we are in it. */
async function enter(account: Account, target: string, found: RoomId): Promise<RoomId> {
  const roomId = await join(account, target, found);
  for (let round = 0; round < ROUNDS_AFTER_JOIN && !isJoined(account, roomId); round += 1) {
    await delay(round * PAUSE_MS);
    await account.sync.toLiveEnd();
  }
  return roomId;
}

async function join(account: Account, target: string, roomId: RoomId): Promise<RoomId> {
  // the direct room was found or made with us in it
  if (isUserId(target)) return roomId;
  // the alias tells the homeserver over which others the room can be reached
  if (isRoomAlias(target)) return account.rooms.join(target);
  if (account.store.rooms.get(roomId)?.membership !== "invite") await refuseUninvited(account, roomId);
  return account.rooms.join(roomId);
}

async function refuseUninvited(account: Account, roomId: RoomId): Promise<never> {
  // the homeserver may say more of why
  await account.rooms.encryption(roomId);
  throw new SottoError("ROOM_NOT_JOINED", `the account is neither in ${roomId} nor invited to it`);
}

/** Only an authenticated answer makes a room "not encrypted"; anything else stays unknown. Both refuse. */
async function refuseClear(account: Account, roomId: RoomId, mayBeClear: boolean): Promise<void> {
  const state = await account.rooms.encryption(roomId);
  if (state.kind === "clear" && mayBeClear) return;
  if (state.kind === "clear") throw new SottoError("ROOM_NOT_ENCRYPTED", `${roomId} is not encrypted`);
  throw new SottoError("ROOM_ENCRYPTION_UNKNOWN", `sync has not told the encryption of ${roomId} yet`);
}
