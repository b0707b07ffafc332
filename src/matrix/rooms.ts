import { SottoError } from "../errors.ts";
import type { RoomEncryptionContent, RoomEvent } from "../model/event.ts";
import type { EventId, RoomId, UserId } from "../model/ids.ts";
import type { EncryptionState, Member, RoomDirectory } from "../model/ports.ts";
import { isObject, isString, type JsonObject, requireString, stringsOf } from "./json.ts";
import { MARKER } from "./new-room.ts";
import { path } from "./path.ts";
import { ConnectionFailure, failureOf, type MatrixError, matrixErrorOf } from "./request-failure.ts";
import { isRoomEvent, NOTHING, parseSync } from "./sync.ts";
import type { Transport } from "./transport.ts";

export interface RoomCreation {
  creator: UserId;
  predecessor: RoomId | undefined;
  marker: string | undefined;
}

/** Reads and joins rooms for one account. Room IDs are opaque throughout. */
export interface Rooms extends RoomDirectory {
  /** The content of a state event, undefined only on an authenticated 404 `M_NOT_FOUND`. */
  state(roomId: RoomId, type: string, stateKey?: string): Promise<JsonObject | undefined>;
  /** The contents of all state events of a type, whatever their state keys. */
  statesOf(roomId: RoomId, type: string): Promise<JsonObject[]>;
  joinedRooms(): Promise<RoomId[]>;
  /**
   * One event as the homeserver has it.
   * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomideventeventid
   */
  event(roomId: RoomId, eventId: EventId): Promise<RoomEvent>;
  /** Who made a room, which one it says it replaces, and by what its creator knows it. */
  creation(roomId: RoomId): Promise<RoomCreation>;
  /**
   * Gives the room's ID.
   *
   * @param via homeservers over which a room can be reached that ours is not in
   * @throws SottoError `ROOM_NOT_FOUND`, `ROOM_FORBIDDEN`
   */
  join(roomIdOrAlias: string, via?: readonly string[]): Promise<RoomId>;
  leave(roomId: RoomId): Promise<void>;
}

/**
 * @param userId - the account the transport's token belongs to; a member list without it is no member list
 */
export function createRooms(transport: Transport, userId: UserId): Rooms {
  async function state(roomId: RoomId, type: string, stateKey = ""): Promise<JsonObject | undefined> {
    const url = path`/_matrix/client/v3/rooms/${roomId}/state/${type}/${stateKey}`;
    let content: unknown;
    try {
      content = await transport.request("GET", url);
    } catch (thrown) {
      const cause = matrixErrorOf(thrown);
      if (cause?.statusCode === 404 && cause.errcode === "M_NOT_FOUND") return undefined;
      throw (cause && refusal(cause, roomId)) ?? thrown;
    }
    if (isObject(content)) return content;
    throw new SottoError("HOMESERVER_ERROR", `the homeserver's answer for ${type} is not an object`);
  }

  return {
    state,

    /** By a sync of its own, which moves no token and which Synapse may answer from a cache of two minutes. */
    async statesOf(roomId, type) {
      const room = { rooms: [roomId], state: { types: [type] }, timeline: NOTHING, ephemeral: NOTHING };
      const filter = JSON.stringify({
        presence: NOTHING,
        account_data: NOTHING,
        room: { ...room, account_data: NOTHING },
      });
      const answer = await transport.request("GET", "/_matrix/client/v3/sync", {
        query: { filter, timeout: 0, set_presence: "offline" },
      });
      const joined = parseSync(answer).joined.find((room) => room.roomId === roomId);
      return (joined?.state ?? []).filter((event) => event.type === type).map(({ content }) => content);
    },

    async encryption(roomId): Promise<EncryptionState> {
      try {
        const content: RoomEncryptionContent | undefined = await state(roomId, "m.room.encryption");
        return content === undefined ? { kind: "clear" } : { kind: "encrypted", content };
      } catch (thrown) {
        throw unknownOf(
          thrown,
          "ROOM_ENCRYPTION_UNKNOWN",
          `whether ${roomId} is encrypted could not be read`,
        );
      }
    },

    async historyVisibility(roomId) {
      const content = await state(roomId, "m.room.history_visibility");
      return isString(content?.history_visibility) ? content.history_visibility : undefined;
    },

    async members(roomId) {
      const unknown = `the members of ${roomId} could not be read`;
      let answer: unknown;
      try {
        const url = path`/_matrix/client/v3/rooms/${roomId}/members`;
        answer = await transport.request("GET", url, { query: { not_membership: "leave" } });
      } catch (thrown) {
        const cause = matrixErrorOf(thrown);
        throw (cause && refusal(cause, roomId)) ?? unknownOf(thrown, "ROOM_MEMBERS_UNKNOWN", unknown);
      }
      const members = parseMembers(answer);
      if (members === undefined) throw new SottoError("ROOM_MEMBERS_UNKNOWN", unknown);
      if (!members.some((member) => member.userId === userId && member.membership === "join")) {
        // who has left is told of the members of that day
        throw new SottoError("ROOM_NOT_JOINED", `${userId} is not in ${roomId}`);
      }
      return members;
    },

    async resolveAlias(alias) {
      try {
        const answer = await transport.request("GET", path`/_matrix/client/v3/directory/room/${alias}`);
        return requireString(answer, "room_id");
      } catch (thrown) {
        const cause = matrixErrorOf(thrown);
        if (cause?.errcode === "M_NOT_FOUND" || cause?.errcode === "M_INVALID_PARAM") {
          throw new SottoError("ROOM_NOT_FOUND", `no room has the alias ${alias}`, { cause });
        }
        throw thrown;
      }
    },

    async event(roomId, eventId) {
      const event = await transport.request("GET", path`/_matrix/client/v3/rooms/${roomId}/event/${eventId}`);
      if (isRoomEvent(event) && event.event_id === eventId) return event;
      throw new SottoError("HOMESERVER_ERROR", "the homeserver gave something else than the event");
    },

    async joinedRooms() {
      const answer = await transport.request("GET", "/_matrix/client/v3/joined_rooms");
      if (isObject(answer) && Array.isArray(answer.joined_rooms)) return stringsOf(answer.joined_rooms);
      throw new SottoError("HOMESERVER_ERROR", "the homeserver's answer lacks joined_rooms");
    },

    async creation(roomId) {
      const url = path`/_matrix/client/v3/rooms/${roomId}/state/m.room.create/`;
      const event = await transport.request("GET", url, { query: { format: "event" } }).catch((thrown) => {
        const cause = matrixErrorOf(thrown);
        throw (cause && refusal(cause, roomId)) ?? thrown;
      });
      const content = isObject(event) && isObject(event.content) ? event.content : {};
      const predecessor = isObject(content.predecessor) ? content.predecessor.room_id : undefined;
      return {
        creator: requireString(event, "sender"),
        predecessor: isString(predecessor) ? predecessor : undefined,
        marker: isString(content[MARKER]) ? content[MARKER] : undefined,
      };
    },

    async leave(roomId) {
      const url = path`/_matrix/client/v3/rooms/${roomId}/leave`;
      await transport.request("POST", url, { body: { json: {} }, idempotent: true });
    },

    async join(roomIdOrAlias, via = []) {
      try {
        const url = path`/_matrix/client/v3/join/${roomIdOrAlias}`;
        const answer = await transport.request("POST", url, {
          body: { json: {} },
          idempotent: true,
          ...(via.length > 0 && { query: { via } }),
        });
        return requireString(answer, "room_id");
      } catch (thrown) {
        const cause = matrixErrorOf(thrown);
        if (cause?.statusCode === 403) {
          throw new SottoError("ROOM_FORBIDDEN", `the account may not join ${roomIdOrAlias}`, {
            cause,
            cure: "invite the account to the room",
          });
        }
        if (cause?.statusCode === 404 || cause?.statusCode === 400) {
          throw new SottoError("ROOM_NOT_FOUND", `there is no room ${roomIdOrAlias}`, { cause });
        }
        throw thrown;
      }
    },
  };
}

/**
 * A homeserver tells nobody from outside whether a room exists, so 403 stands for both; what it cannot even read as
 * a room ID does not exist.
 */
function refusal(cause: MatrixError, roomId: RoomId): SottoError | undefined {
  if (cause.statusCode === 403) {
    return new SottoError("ROOM_NOT_JOINED", `the account is not in ${roomId}, or there is no such room`, {
      cause,
    });
  }
  if (cause.errcode === "M_INVALID_PARAM") {
    return new SottoError("ROOM_NOT_FOUND", `there is no room ${roomId}`, { cause });
  }
  return undefined;
}

/**
 * One code for every way in which a homeserver that is there fails to say: a 5xx, a 429, silence, nonsense. A
 * homeserver that is not there, a rejected token and a room's own refusal say more, and stay what they are.
 */
function unknownOf(
  thrown: unknown,
  code: "ROOM_ENCRYPTION_UNKNOWN" | "ROOM_MEMBERS_UNKNOWN",
  message: string,
): unknown {
  if (!(thrown instanceof SottoError) || thrown.code === "TOKEN_REJECTED" || thrown.code.startsWith("ROOM_"))
    return thrown;
  const failure = failureOf(thrown);
  if (failure instanceof ConnectionFailure && !failure.mayHaveArrived) return thrown;
  const { retryAfterMs } = thrown;
  return new SottoError(code, message, {
    cause: failure ?? thrown,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}

/** Undefined where the list or a single event in it has not the shape the spec promises. */
function parseMembers(answer: unknown): Member[] | undefined {
  if (!isObject(answer) || !Array.isArray(answer.chunk)) return undefined;
  const members: Member[] = [];
  for (const event of answer.chunk) {
    if (!isObject(event) || !isString(event.state_key) || !isObject(event.content)) return undefined;
    const { membership } = event.content;
    if (!isString(membership)) return undefined;
    if (membership === "join" || membership === "invite")
      members.push({ userId: event.state_key, membership });
  }
  return members;
}
