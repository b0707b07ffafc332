import type { RoomId, UserId } from "../model/ids.ts";
import type { Store } from "../store/index.ts";
import type { Machine } from "./engine.ts";
import { hasChanged } from "./identity-change.ts";
import { reachesInvited } from "./recipients.ts";
import type { SharingPolicy } from "./sharing.ts";

/** A room to which nothing is sent until a person has looked at this member. */
export interface Held {
  roomId: RoomId;
  userId: UserId;
  /** Another identity than the one that was known, or somebody who was never seen in the room. */
  because: "identity" | "member";
}

/** As far as is known here: nobody is asked. */
export async function heldRooms(
  machine: Machine,
  { rooms, ledger }: Pick<Store, "rooms" | "ledger">,
  sharing: (roomId: RoomId) => Pick<SharingPolicy, "newMembers">,
): Promise<Held[]> {
  const own = machine.userId.toString();
  const changed = new Set<UserId>();
  for (const userId of rooms.encryptedMembers())
    if (userId !== own && (await hasChanged(machine, userId))) changed.add(userId);
  return rooms.joinedRoomIds().flatMap((roomId) => {
    const room = rooms.get(roomId);
    if (!room?.encryption || room.replacement) return [];
    const members = rooms.members(roomId, reachesInvited(room) ? ["join", "invite"] : ["join"]);
    const strangers = sharing(roomId).newMembers === "hold" ? ledger.newMembers(roomId, members) : undefined;
    return [
      ...members
        .filter((userId) => changed.has(userId))
        .map((userId): Held => ({ roomId, userId, because: "identity" })),
      ...(strangers ?? []).map((userId): Held => ({ roomId, userId, because: "member" })),
    ];
  });
}
