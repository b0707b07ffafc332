import { createRoom } from "../../matrix/index.ts";
import type { NewRoom } from "../../model/enforcement.ts";
import type { RoomId } from "../../model/ids.ts";
import type { Account } from "../account.ts";
import type { Hands } from "./hands.ts";
import { inviteMissing } from "./make-room.ts";

/**
 * Makes the new room, unless an earlier try has made it, invites whoever is not there yet, and then says so in the old
 * one: nobody is sent to a room that they cannot enter. Killed in between, the same again goes on.
 *
 * @returns a sentence on whom the homeserver did not let us invite, if there is one
 */
export async function replaceRoom(
  { account, enforcer }: Hands,
  roomId: RoomId,
  room: NewRoom,
): Promise<string | undefined> {
  const made =
    (await replacementOf(account, roomId)) ?? (await make(account, { ...room, invite: [] }, roomId));
  const refused = await inviteMissing(account, enforcer, made, room.invite);
  await enforcer.tombstone(roomId, made);
  return refused.length > 0 ? `the homeserver refused to invite ${refused.join(", ")}` : undefined;
}

/** The room that the tombstone names. */
export async function successorOf({ rooms }: Account, roomId: RoomId): Promise<RoomId | undefined> {
  const next = (await rooms.state(roomId, "m.room.tombstone"))?.replacement_room;
  return typeof next === "string" ? next : undefined;
}

/** A lost answer is no second room. */
async function make(account: Account, room: NewRoom, replaced: RoomId): Promise<RoomId> {
  try {
    return await createRoom(account.transport, room, account.config.account.userId);
  } catch (thrown) {
    const made = await replacementOf(account, replaced);
    if (made === undefined) throw thrown;
    return made;
  }
}

/** Of the rooms that we are in, the one that we made in the place of another. */
async function replacementOf({ rooms, config }: Account, replaced: RoomId): Promise<RoomId | undefined> {
  for (const roomId of await rooms.joinedRooms()) {
    const { creator, predecessor } = await rooms.creation(roomId);
    if (creator === config.account.userId && predecessor === replaced) return roomId;
  }
  return undefined;
}
