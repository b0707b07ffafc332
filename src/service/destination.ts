import { SottoError } from "../errors.ts";
import { isRoomAlias, isRoomId, isUserId, type RoomId } from "../model/ids.ts";
import type { Account } from "./account.ts";

/**
 * The encrypted room that is meant: by ID, by alias, or by the user we share a direct room with. What we know of it is
 * up to date when this returns. An invitation to the room that the operator names is accepted.
 */
export async function findRoom(account: Account, target: string): Promise<RoomId> {
  const [roomId] = await Promise.all([resolve(account, target), account.sync.toLiveEnd()]);
  const known = account.store.rooms.get(roomId);
  if (known?.membership === "join") {
    if (!known.encryption) await refuseClear(account, roomId);
    return roomId;
  }
  await account.rooms.join(roomId);
  await account.sync.toLiveEnd();
  if (!account.store.rooms.get(roomId)?.encryption) await refuseClear(account, roomId);
  return roomId;
}

async function resolve(account: Account, target: string): Promise<RoomId> {
  if (isRoomId(target)) return target;
  if (isRoomAlias(target)) return account.rooms.resolveAlias(target);
  if (isUserId(target)) return account.directRoom(target);
  throw new SottoError("USAGE", `${target} is neither a room ID, nor an alias, nor a user ID`);
}

/** Only an authenticated answer makes a room "not encrypted"; anything else stays unknown. Both refuse. */
async function refuseClear(account: Account, roomId: RoomId): Promise<void> {
  const state = await account.rooms.encryption(roomId);
  if (state.kind === "clear") throw new SottoError("ROOM_NOT_ENCRYPTED", `${roomId} is not encrypted`);
  throw new SottoError("ROOM_ENCRYPTION_UNKNOWN", `sync has not told the encryption of ${roomId} yet`);
}
