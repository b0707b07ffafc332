import { setTimeout as delay } from "node:timers/promises";
import { SottoError } from "../../errors.ts";
import { createRoom, type Enforcer, leaveForGood, matrixErrorOf } from "../../matrix/index.ts";
import type { NewRoom } from "../../model/enforcement.ts";
import type { RoomId, UserId } from "../../model/ids.ts";
import type { Account } from "../account.ts";

/** A room whose answer was lost may still be in the making: it is looked for once more after so long. */
const LOOK_AGAIN_MS = 3_000;

/**
 * Makes a room, once for each key, whatever is lost or killed: the marker is durable before the homeserver is asked, and
 * stands in the room's creation.
 */
export async function makeOnce(
  account: Account,
  { key, marker: fresh }: { key: string; marker: string },
  room: NewRoom,
): Promise<RoomId> {
  const { madeRooms } = account.store;
  const begun = madeRooms.get(key);
  if (begun?.roomId !== undefined) return begun.roomId;
  const marker = begun?.marker ?? fresh;
  const marked = { ...room, marker };
  if (!begun) madeRooms.begin(key, marker);
  const roomId = (begun && (await madeBefore(account, marked))) ?? (await make(account, key, marked));
  madeRooms.made(key, { marker, roomId });
  return roomId;
}

type Marked = NewRoom & { marker: string };

async function make(account: Account, key: string, room: Marked): Promise<RoomId> {
  try {
    return await createRoom(account.transport, room, account.config.account.userId);
  } catch (thrown) {
    if (matrixErrorOf(thrown)?.mayHaveArrived === false) {
      account.store.madeRooms.forget(key);
      throw thrown;
    }
    const roomId = await madeBefore(account, room);
    if (roomId === undefined) throw thrown;
    return roomId;
  }
}

/** The room that an earlier try has made. One that its homeserver has left half made is left. */
async function madeBefore(account: Account, room: Marked): Promise<RoomId | undefined> {
  const look = async () => (await roomsByMarker(account)).get(room.marker) ?? [];
  for (const roomId of await look()) if (await isWhole(account, roomId, room)) return roomId;
  await delay(LOOK_AGAIN_MS);
  for (const roomId of await look()) {
    if (await isWhole(account, roomId, room)) return roomId;
    await leaveForGood(account.transport, roomId);
  }
  return undefined;
}

/** What a homeserver sets last stands there. */
async function isWhole({ rooms }: Account, roomId: RoomId, { encryption, name }: Marked): Promise<boolean> {
  const has = async (type: string): Promise<boolean> => (await rooms.state(roomId, type)) !== undefined;
  return (
    (await has("m.room.power_levels")) &&
    (await has("m.room.guest_access")) &&
    (encryption === null || (await has("m.room.encryption"))) &&
    (name === null || (await has("m.room.name")))
  );
}

/** So many rooms are asked for at a time. */
const AT_A_TIME = 8;

/** The rooms that we have made and are in, by what they were marked with. */
export async function roomsByMarker({ rooms, config }: Account): Promise<Map<string, RoomId[]>> {
  const found = new Map<string, RoomId[]>();
  const joined = await rooms.joinedRooms();
  for (let at = 0; at < joined.length; at += AT_A_TIME) {
    const some = joined.slice(at, at + AT_A_TIME);
    const creations = await Promise.all(some.map((roomId) => rooms.creation(roomId)));
    for (const [index, { creator, marker }] of creations.entries()) {
      if (creator !== config.account.userId || marker === undefined) continue;
      found.set(marker, [...(found.get(marker) ?? []), some[index]!]);
    }
  }
  return found;
}

/**
 * Invites whoever is neither in the room nor invited.
 *
 * @returns whom the homeserver did not let us invite
 */
export async function inviteMissing(
  { rooms }: Account,
  enforcer: Enforcer,
  roomId: RoomId,
  userIds: readonly UserId[],
): Promise<UserId[]> {
  const present = new Set((await rooms.members(roomId)).map(({ userId }) => userId));
  const refused: UserId[] = [];
  for (const userId of userIds.filter((invited) => !present.has(invited))) {
    await enforcer.invite(roomId, userId).catch((thrown) => {
      if (!(thrown instanceof SottoError) || thrown.code === "HOMESERVER_UNREACHABLE") throw thrown;
      refused.push(userId);
    });
  }
  return refused;
}
