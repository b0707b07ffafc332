import { SottoError } from "../errors.ts";
import type { RoomEvent } from "../model/event.ts";
import type { EventId, RoomId, UserId } from "../model/ids.ts";
import { isObject, requireString } from "./json.ts";
import { path } from "./path.ts";
import { isRoomEvent } from "./sync.ts";
import type { Transport } from "./transport.ts";

/** Makes an encrypted room with nobody but us in it, which stays so: an audit has nothing to say of it. */
export async function createOwnRoom(
  transport: Transport,
  name: string,
  rotation: { periodMs: number; messages: number },
): Promise<RoomId> {
  const content = {
    algorithm: "m.megolm.v1.aes-sha2",
    rotation_period_ms: rotation.periodMs,
    rotation_period_msgs: rotation.messages,
  };
  const json = {
    name,
    preset: "private_chat",
    creation_content: { "m.federate": false },
    power_level_content_override: { events: {}, state_default: 100, invite: 100 },
    initial_state: [
      { type: "m.room.encryption", state_key: "", content },
      { type: "m.room.history_visibility", state_key: "", content: { history_visibility: "joined" } },
      { type: "m.room.guest_access", state_key: "", content: { guest_access: "forbidden" } },
    ],
  };
  return requireString(
    await transport.request("POST", "/_matrix/client/v3/createRoom", { body: { json } }),
    "room_id",
  );
}

/** https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomideventeventid */
export async function roomEvent(transport: Transport, roomId: RoomId, eventId: EventId): Promise<RoomEvent> {
  const event = await transport.request("GET", path`/_matrix/client/v3/rooms/${roomId}/event/${eventId}`);
  if (isRoomEvent(event)) return event;
  throw new SottoError("HOMESERVER_ERROR", `the homeserver's answer for ${eventId} is no event`);
}

/** The encrypted events that a user sent last into a room, the newest first. */
export async function ownEvents(
  transport: Transport,
  roomId: RoomId,
  userId: UserId,
  limit: number,
): Promise<RoomEvent[]> {
  const filter = JSON.stringify({ types: ["m.room.encrypted"], senders: [userId] });
  const answer = await transport.request("GET", path`/_matrix/client/v3/rooms/${roomId}/messages`, {
    query: { dir: "b", limit, filter },
  });
  return isObject(answer) && Array.isArray(answer.chunk) ? answer.chunk.filter(isRoomEvent) : [];
}
