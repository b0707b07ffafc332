import { SottoError } from "../../errors.ts";
import { isRoomAlias, isRoomId, type RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";

/**
 * The room that is meant. One that the store knows is found without a word of the homeserver, which may be away; an alias
 * of a route is the room that the route leads to, whoever has moved the alias since.
 *
 * @throws SottoError `USAGE`, `ROOM_NOT_FOUND`, `ROOM_NOT_JOINED`
 */
export async function meantRoom(account: Account, named: string): Promise<RoomId> {
  const { store, rooms, sync } = account;
  if (!isRoomId(named) && !isRoomAlias(named)) {
    throw new SottoError("USAGE", `${named} is neither a room ID nor an alias`, {
      cure: "name a direct chat by its room ID too",
    });
  }
  const pinned = store.destinations.get(named);
  const roomId = pinned ?? (isRoomAlias(named) ? await rooms.resolveAlias(named) : named);
  const isKnown = (): boolean => store.rooms.get(roomId) !== undefined;
  if (!isKnown()) await sync.toLiveEnd();
  if (!isKnown()) throw new SottoError("ROOM_NOT_JOINED", `the account is not in ${roomId}`);
  return roomId;
}
