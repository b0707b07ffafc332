import { SottoError } from "../errors.ts";
import type { EventId, RoomId } from "../model/ids.ts";
import type { SendGate } from "../model/ports.ts";
import { type ControlRoom, openControlRoom } from "./control-room.ts";
import { isObject, isString, type JsonObject, requireString } from "./json.ts";
import { path } from "./path.ts";
import { failureOf, MatrixError } from "./request-failure.ts";
import { SEND_PERMIT } from "./send-permit.ts";
import type { Transport } from "./transport.ts";

/**
 * The room events that may leave in clear, each only where the config allows it. This is the whole list, and
 * `m.room.message` is not on it: what {@link EventGate.controlRoom} lets out is no message to anybody.
 */
export interface ClearTypes {
  /** `m.reaction`, which every client sends in clear: the server sees who reacts to what with which emoji. */
  readonly reactions: boolean;
  /** The server must read what it removes. */
  readonly redactions: boolean;
  /** State has no encrypted form. */
  readonly state: boolean;
}

/** The gate with its clear side: what the service and the bot client use. */
export interface EventGate extends SendGate {
  readonly clearTypes: ClearTypes;
  /** Only `m.reaction`. @throws SottoError `CLEAR_EVENT_REFUSED` */
  putClear(roomId: RoomId, txnId: string, type: string, content: JsonObject): Promise<EventId>;
  redact(roomId: RoomId, txnId: string, eventId: EventId, reason?: string): Promise<EventId>;
  putState(roomId: RoomId, type: string, stateKey: string, content: JsonObject): Promise<EventId>;
  /**
   * Makes a room, and lets one clear message into it: noise, under names made by chance. No room that is there already,
   * and nothing that anybody said, can come this way. See docs/decisions/0034-prove.md.
   */
  controlRoom(): Promise<ControlRoom>;
  /** For verifications' own events. */
  readonly forVerification: SendGate;
  /** Resolves when no request is under way any more that would put an event into the room. */
  settled(roomId: RoomId): Promise<void>;
}

/** What is about to go into a room. */
export interface Entering {
  /** State has none. */
  txnId?: string;
  isVerification?: true;
}

/** Why it may not, if so: asked at the last moment, and before a request is repeated. */
export type Barred = (roomId: RoomId, entering: Entering) => SottoError | undefined;

/** All that may stand beside the ciphertext; anything else could be content that was meant to be encrypted. */
const MEGOLM_KEYS = ["algorithm", "ciphertext", "session_id", "sender_key", "device_id", "m.relates_to"];
const RELATION_KEYS = ["rel_type", "event_id", "is_falling_back", "m.in_reply_to"];

/**
 * The one place that PUTs room events. It fails closed: what is not a Megolm event is refused before the request,
 * and the transport refuses the same paths to everyone else.
 *
 * A refusal by the homeserver is final and has a room's code. `SEND_UNCERTAIN` says that the event may be in the
 * room: only the same `txnId` with the same bytes may be sent again.
 * https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3roomsroomidsendeventtypetxnid
 */
export function createSendGate(
  transport: Transport,
  clearTypes: ClearTypes,
  barred: Barred = () => undefined,
): EventGate {
  const underWay = new Map<RoomId, Set<Promise<unknown>>>();

  async function request(url: string, jsonText: string, mayRepeat: () => boolean): Promise<unknown> {
    return transport.request("PUT", url, { body: { jsonText }, permit: SEND_PERMIT, mayRepeat });
  }

  async function put(roomId: RoomId, entering: Entering, url: string, jsonText: string): Promise<EventId> {
    const bar = barred(roomId, entering);
    if (bar) throw bar;
    const putting = request(url, jsonText, () => !barred(roomId, entering));
    const inRoom = underWay.get(roomId) ?? new Set();
    underWay.set(roomId, inRoom.add(putting));
    try {
      return requireString(await putting, "event_id");
    } catch (thrown) {
      throw outcomeOf(thrown, roomId);
    } finally {
      inRoom.delete(putting);
      if (inRoom.size === 0) underWay.delete(roomId);
    }
  }

  function putEncrypted(roomId: RoomId, entering: Entering & { txnId: string }, eventJson: string) {
    assertMegolm(eventJson);
    const url = path`/_matrix/client/v3/rooms/${roomId}/send/m.room.encrypted/${entering.txnId}`;
    return put(roomId, entering, url, eventJson);
  }

  return {
    clearTypes,

    putEncrypted: async (roomId, txnId, eventJson) => putEncrypted(roomId, { txnId }, eventJson),

    forVerification: {
      putEncrypted: async (roomId, txnId, eventJson) =>
        putEncrypted(roomId, { txnId, isVerification: true }, eventJson),
    },

    async settled(roomId) {
      while (underWay.has(roomId)) await Promise.allSettled(underWay.get(roomId)!);
    },

    async putClear(roomId, txnId, type, content) {
      if (type !== "m.reaction" || !clearTypes.reactions) throw refused(type);
      return put(
        roomId,
        { txnId },
        path`/_matrix/client/v3/rooms/${roomId}/send/m.reaction/${txnId}`,
        JSON.stringify(content),
      );
    },

    async redact(roomId, txnId, eventId, reason) {
      if (!clearTypes.redactions) throw refused("m.room.redaction");
      const url = path`/_matrix/client/v3/rooms/${roomId}/redact/${eventId}/${txnId}`;
      return put(roomId, { txnId }, url, JSON.stringify({ reason }));
    },

    async putState(roomId, type, stateKey, content) {
      if (!clearTypes.state) throw refused(type);
      return put(
        roomId,
        {},
        path`/_matrix/client/v3/rooms/${roomId}/state/${type}/${stateKey}`,
        JSON.stringify(content),
      );
    },

    controlRoom: () =>
      openControlRoom(transport, {
        put: (roomId, txnId, content) =>
          put(
            roomId,
            { txnId },
            path`/_matrix/client/v3/rooms/${roomId}/send/m.room.message/${txnId}`,
            JSON.stringify(content),
          ),
        redact: (roomId, txnId, eventId) =>
          put(roomId, { txnId }, path`/_matrix/client/v3/rooms/${roomId}/redact/${eventId}/${txnId}`, "{}"),
      }),
  };
}

/** @throws SottoError `CLEAR_EVENT_REFUSED` for all but the clear envelope of a Megolm ciphertext */
function assertMegolm(eventJson: string): void {
  const content = parse(eventJson);
  const relation = content?.["m.relates_to"];
  const sound =
    content !== undefined &&
    content.algorithm === "m.megolm.v1.aes-sha2" &&
    isCiphertext(content.ciphertext) &&
    isString(content.session_id) &&
    content.session_id !== "" &&
    Object.keys(content).every((key) => MEGOLM_KEYS.includes(key)) &&
    (relation === undefined || isRelation(relation));
  if (!sound) throw refused("an event that is not a Megolm ciphertext");
}

/** Unpadded base64 and nothing that reads as text. */
const isCiphertext = (value: unknown): boolean => isString(value) && /^[A-Za-z0-9+/]+$/.test(value);

/** The relation must be in clear; its fallback text and other keys need not be. */
function isRelation(value: unknown): boolean {
  if (!isObject(value) || !Object.keys(value).every((key) => RELATION_KEYS.includes(key))) return false;
  const reply = value["m.in_reply_to"];
  return reply === undefined || (isObject(reply) && Object.keys(reply).every((key) => key === "event_id"));
}

function parse(eventJson: string): JsonObject | undefined {
  try {
    const content: unknown = JSON.parse(eventJson);
    return isObject(content) ? content : undefined;
  } catch {
    return undefined;
  }
}

const refused = (what: string): SottoError =>
  new SottoError("CLEAR_EVENT_REFUSED", `${what} was about to leave in clear`);

/** What a failed PUT says of the event: certainly not in the room, or perhaps. */
function outcomeOf(thrown: unknown, roomId: RoomId): unknown {
  const cause = failureOf(thrown);
  if (cause === undefined) {
    // an answer of 200 that could not be read: the event is there, its ID is not known
    return thrown instanceof SottoError && thrown.code === "HOMESERVER_ERROR" ? uncertain(thrown) : thrown;
  }
  if (cause.mayHaveArrived) return uncertain(cause);
  if (!(cause instanceof MatrixError)) return thrown;
  if (cause.statusCode === 413 || cause.errcode === "M_TOO_LARGE") {
    return new SottoError("HOMESERVER_ERROR", "the event is larger than the homeserver takes", { cause });
  }
  // only its own word is the room's: a proxy without its homeserver says 403 and 404 too, and so does a locked account
  if (cause.errcode === "M_FORBIDDEN") {
    return new SottoError("ROOM_FORBIDDEN", `the account may not send to ${roomId}`, { cause });
  }
  if (cause.errcode === "M_NOT_FOUND")
    return new SottoError("ROOM_NOT_FOUND", `there is no room ${roomId}`, { cause });
  return thrown;
}

function uncertain(cause: unknown): SottoError {
  const retryAfterMs = cause instanceof MatrixError ? cause.retryAfterMs : undefined;
  return new SottoError("SEND_UNCERTAIN", "whether the event reached the room is not known", {
    cause,
    ...(retryAfterMs !== undefined && { retryAfterMs }),
  });
}
