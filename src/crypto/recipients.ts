import { SottoError } from "../errors.ts";
import type { RoomId, UserId } from "../model/ids.ts";
import type { RoomRecord, RoomStore } from "../store/index.ts";

/** Throws the `ROOM_*` error that says why nothing can be encrypted for the room. */
export function encryptedRoom(rooms: RoomStore, roomId: RoomId): RoomRecord {
  const room = rooms.get(roomId);
  if (room?.membership !== "join") throw new SottoError("ROOM_NOT_JOINED", `not a member of ${roomId}`);
  if (room.replacement)
    throw new SottoError("ROOM_REPLACED", `${roomId} was replaced by ${room.replacement}`);
  if (!room.encryption) throw new SottoError("ROOM_NOT_ENCRYPTED", `${roomId} is not encrypted`);
  if (room.encryption.algorithm !== "m.megolm.v1.aes-sha2") {
    throw new SottoError(
      "ROOM_ENCRYPTION_UNKNOWN",
      `${roomId} uses an encryption algorithm Sotto does not know`,
    );
  }
  return room;
}

/** Whose devices the room's key may reach. Throws `ROOM_MEMBERS_UNKNOWN`. */
export function recipients(rooms: RoomStore, room: RoomRecord): UserId[] {
  const members = rooms.members(room.roomId, reachesInvited(room) ? ["join", "invite"] : ["join"]);
  if (members.length === 0)
    throw new SottoError("ROOM_MEMBERS_UNKNOWN", `the members of ${room.roomId} are not known`);
  return members;
}

/** Invited users receive keys except where the room's history begins with the join. */
export const reachesInvited = ({ historyVisibility }: RoomRecord): boolean => historyVisibility !== "joined";
