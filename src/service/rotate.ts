import { SottoError } from "../errors.ts";
import { isRoomAlias, isRoomId, type RoomId } from "../model/ids.ts";
import type { Account } from "./account.ts";

/** Rooms whose next message has a new key. */
export interface Rotated {
  rooms: RoomId[];
}

/**
 * Ends the outbound session of one room, or of every encrypted room that we are in. It is durable when this returns;
 * the new session begins with the next message.
 *
 * @param room ID or alias; every room without it
 * @throws SottoError `ROOM_NOT_FOUND`, `ROOM_NOT_JOINED`, `ROOM_NOT_ENCRYPTED`
 */
export async function rotate(account: Account, room: string | undefined): Promise<Rotated> {
  const { rooms } = account.store;
  const isEncrypted = (roomId: RoomId): boolean => rooms.get(roomId)?.encryption !== undefined;
  const chosen =
    room === undefined ? rooms.joinedRoomIds().filter(isEncrypted) : [await joinedRoom(account, room)];
  for (const roomId of chosen) {
    if (!isEncrypted(roomId)) throw new SottoError("ROOM_NOT_ENCRYPTED", `${roomId} is not encrypted`);
  }
  await account.crypto.encryptor.rotate(chosen);
  return { rooms: chosen };
}

async function joinedRoom({ store, rooms, sync }: Account, room: string): Promise<RoomId> {
  const roomId = isRoomAlias(room) ? await rooms.resolveAlias(room) : room;
  if (!isRoomId(roomId)) throw new SottoError("USAGE", `${room} is neither a room ID nor an alias`);
  const isJoined = (): boolean => store.rooms.get(roomId)?.membership === "join";
  if (!isJoined()) await sync.toLiveEnd();
  if (!isJoined()) throw new SottoError("ROOM_NOT_JOINED", `the account is not in ${roomId}`);
  return roomId;
}
