import { SottoError } from "../errors.ts";
import { type Content, ENFORCED_TYPES, type EnforcedState, type EnforcedType } from "../model/enforcement.ts";
import type { EventId, RoomId, UserId } from "../model/ids.ts";
import { createSendGate } from "./gate.ts";
import { isObject, isString, type JsonObject } from "./json.ts";
import { path } from "./path.ts";
import { isRoomEvent } from "./sync.ts";
import type { Transport } from "./transport.ts";

/** What an operator who enforces a policy asks of the homeserver, and nothing else does. Each may be repeated. */
export interface Enforcer {
  /** What guards the room, in one request. */
  state(roomId: RoomId): Promise<EnforcedState>;
  setState(roomId: RoomId, type: EnforcedType, content: Content): Promise<void>;
  isListed(roomId: RoomId): Promise<boolean>;
  setListed(roomId: RoomId, isListed: boolean): Promise<void>;
  kick(roomId: RoomId, userId: UserId, reason: string): Promise<void>;
  invite(roomId: RoomId, userId: UserId): Promise<void>;
  redact(roomId: RoomId, txnId: string, eventId: EventId): Promise<void>;
  /** Homeservers can read it. */
  rename(roomId: RoomId, name: string): Promise<void>;
  /** Whoever is in the old room sees where to go. */
  tombstone(roomId: RoomId, successor: RoomId): Promise<void>;
}

/** The types of state and the redactions that it sends need no permission by the config: a person has asked for each. */
export function createEnforcer(transport: Transport): Enforcer {
  const gate = createSendGate(transport, { reactions: false, redactions: true, state: true });
  const post = (url: string, json: JsonObject): Promise<unknown> =>
    transport.request("POST", url, { body: { json }, idempotent: true });
  const listing = (roomId: RoomId): string => path`/_matrix/client/v3/directory/list/room/${roomId}`;
  return {
    state: async (roomId) =>
      parseEnforcedState(
        await transport.request("GET", path`/_matrix/client/v3/rooms/${roomId}/state`),
        roomId,
      ),
    async setState(roomId, type, content) {
      if (!ENFORCED_TYPES.includes(type)) throw new SottoError("INTERNAL", `${type} is not enforced`);
      await gate.putState(roomId, type, "", content);
    },
    async isListed(roomId) {
      const answer = await transport.request("GET", listing(roomId));
      return isObject(answer) && answer.visibility === "public";
    },
    async setListed(roomId, isListed) {
      const json = { visibility: isListed ? "public" : "private" };
      await transport.request("PUT", listing(roomId), { body: { json } });
    },
    async kick(roomId, userId, reason) {
      await post(path`/_matrix/client/v3/rooms/${roomId}/kick`, { user_id: userId, reason });
    },
    async invite(roomId, userId) {
      await post(path`/_matrix/client/v3/rooms/${roomId}/invite`, { user_id: userId });
    },
    async redact(roomId, txnId, eventId) {
      await gate.redact(roomId, txnId, eventId);
    },
    async rename(roomId, name) {
      await gate.putState(roomId, "m.room.name", "", { name });
    },
    async tombstone(roomId, successor) {
      const content = { body: "This room was replaced.", replacement_room: successor };
      await gate.putState(roomId, "m.room.tombstone", "", content);
    },
  };
}

/** https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidstate */
export function parseEnforcedState(answer: unknown, roomId: RoomId): EnforcedState {
  const events = Array.isArray(answer) ? answer.filter(isRoomEvent) : [];
  if (!events.some(({ type }) => type === "m.room.create"))
    throw new SottoError("HOMESERVER_ERROR", `the homeserver's answer lacks the state of ${roomId}`);
  const contentOf = (wanted: EnforcedType): Content | null =>
    events.find(({ type, state_key }) => type === wanted && state_key === "")?.content ?? null;
  return Object.fromEntries(ENFORCED_TYPES.map((type) => [type, contentOf(type)])) as EnforcedState;
}

/**
 * Who has uploaded media to an administrator's homeserver; null where it does not say.
 * https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html#query-a-piece-of-media-by-id
 */
export async function mediaOwner(
  admin: Transport,
  serverName: string,
  mediaId: string,
): Promise<UserId | null> {
  const answer = await admin.request("GET", path`/_synapse/admin/v1/media/${serverName}/${mediaId}`);
  const info = isObject(answer) && isObject(answer.media_info) ? answer.media_info : {};
  return isString(info.user_id) ? info.user_id : null;
}

/** https://element-hq.github.io/synapse/latest/admin_api/media_admin_api.html#delete-a-specific-local-media */
export async function deleteMedia(admin: Transport, serverName: string, mediaId: string): Promise<void> {
  await admin.request("DELETE", path`/_synapse/admin/v1/media/${serverName}/${mediaId}`);
}
