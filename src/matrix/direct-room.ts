import { SottoError } from "../errors.ts";
import type { RoomId, UserId } from "../model/ids.ts";
import type { AccountData } from "../model/ports.ts";
import { isObject, type JsonObject, requireString, stringsOf } from "./json.ts";
import { path } from "./path.ts";
import { matrixErrorOf } from "./request-failure.ts";
import type { Rooms } from "./rooms.ts";
import type { Transport } from "./transport.ts";

const CHECK_USER_ID = { cure: "check the user ID" };

export interface DirectRoomOptions {
  readonly transport: Transport;
  readonly rooms: Rooms;
  readonly accountData: AccountData;
  /** Our own account. */
  readonly userId: UserId;
  /** Room key rotation of a room that is created; clients keep what a room begins with. */
  readonly rotation: { readonly periodMs: number; readonly messages: number };
}

/**
 * The direct chat with a user: an encrypted room of `m.direct` with the two of us in it and nobody else, or a new
 * one. The other side may still be invited; the message waits there.
 * https://spec.matrix.org/v1.19/client-server-api/#direct-messaging
 */
export async function findOrCreateDirectRoom(other: UserId, options: DirectRoomOptions): Promise<RoomId> {
  const { transport, rooms, accountData, userId } = options;
  const direct = (await accountData.get("m.direct")) ?? {};
  const known = stringsOf(direct[other]);
  const joined = new Set(known.length === 0 ? [] : await rooms.joinedRooms());
  // the latest is at the end, and the one people look at
  for (const roomId of known.filter((id) => joined.has(id)).reverse()) {
    if (await isPrivateWith(rooms, roomId, userId, other)) return roomId;
  }
  if (!(await isKnown(transport, other)))
    throw new SottoError("ROOM_NOT_FOUND", `there is no user ${other}`, CHECK_USER_ID);
  const roomId = await createDirectRoom(transport, other, options.rotation);
  // read again: another client of the account may have written in between
  const latest = (await accountData.get("m.direct")) ?? {};
  await accountData.put("m.direct", { ...latest, [other]: [...stringsOf(latest[other]), roomId] });
  return roomId;
}

async function isPrivateWith(rooms: Rooms, roomId: RoomId, self: UserId, other: UserId): Promise<boolean> {
  const { kind } = await rooms.encryption(roomId);
  if (kind !== "encrypted" || isObject(await rooms.state(roomId, "m.room.tombstone"))) return false;
  const userIds = (await rooms.members(roomId)).map((member) => member.userId);
  return userIds.length === 2 && userIds.includes(self) && userIds.includes(other);
}

/**
 * Servers invite users that do not exist, and the room would stay. An account without a profile may still have keys.
 */
async function isKnown(transport: Transport, userId: UserId): Promise<boolean> {
  try {
    await transport.request("GET", path`/_matrix/client/v3/profile/${userId}`);
    return true;
  } catch (thrown) {
    const cause = matrixErrorOf(thrown);
    // a server may keep profiles from strangers
    if (cause?.statusCode === 403) return true;
    if (cause?.statusCode !== 404) throw thrown;
  }
  const answer = await transport.request<JsonObject>("POST", "/_matrix/client/v3/keys/query", {
    body: { json: { device_keys: { [userId]: [] } } },
    idempotent: true,
  });
  const devices = isObject(answer.device_keys) ? answer.device_keys[userId] : undefined;
  return isObject(devices) && Object.keys(devices).length > 0;
}

async function createDirectRoom(
  transport: Transport,
  other: UserId,
  rotation: DirectRoomOptions["rotation"],
): Promise<RoomId> {
  const encryption = {
    algorithm: "m.megolm.v1.aes-sha2",
    rotation_period_ms: rotation.periodMs,
    rotation_period_msgs: rotation.messages,
  };
  const room = {
    preset: "trusted_private_chat",
    is_direct: true,
    invite: [other],
    initial_state: [{ type: "m.room.encryption", state_key: "", content: encryption }],
  };
  try {
    const answer = await transport.request("POST", "/_matrix/client/v3/createRoom", { body: { json: room } });
    return requireString(answer, "room_id");
  } catch (thrown) {
    const cause = matrixErrorOf(thrown);
    if (cause?.statusCode !== 400 && cause?.statusCode !== 403) throw thrown;
    throw new SottoError("ROOM_FORBIDDEN", `no direct chat with ${other} could be made`, {
      cause,
      ...CHECK_USER_ID,
    });
  }
}
