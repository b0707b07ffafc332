import { SottoError } from "../errors.ts";
import type { EventId, MxcUri, RoomId } from "../model/ids.ts";
import { isObject, type JsonObject, requireString } from "./json.ts";
import { path } from "./path.ts";
import type { Transport } from "./transport.ts";

/** What a control is: a recording made by chance, under names made by chance. */
export interface ControlClip {
  bytes: Uint8Array;
  /** `Sotto canary …` with 32 letters or digits. */
  name: string;
  /** `audio/ogg` with a parameter of 32 letters or digits. */
  mimetype: string;
  durationMs: number;
  waveform: readonly number[];
}

/** A room that was made for one clear message, with nobody but us in it. */
export interface ControlRoom {
  readonly roomId: RoomId;
  /** Once. @throws SottoError `CLEAR_EVENT_REFUSED` for anything that is not made by chance, or if somebody else is there */
  send(clip: ControlClip): Promise<{ eventId: EventId; mxcUri: MxcUri }>;
  /** Takes the message back, leaves the room and forgets it. Gives what could not be done. */
  leave(): Promise<string[]>;
}

/** The gate's pen, for this room alone. */
interface Pen {
  put(roomId: RoomId, txnId: string, content: JsonObject): Promise<EventId>;
  redact(roomId: RoomId, txnId: string, eventId: EventId): Promise<EventId>;
}

export const CONTROL_ROOM_NAME = "Sotto: a clear message, sent to prove that the search sees";
const NAME = /^Sotto canary [a-z0-9]{32}\.ogg$/;
const MIME_TYPE = /^audio\/ogg; canary=[a-z0-9]{32}$/;

/** Makes the room. Only the gate may call this: it lends its pen. */
export async function openControlRoom(transport: Transport, pen: Pen): Promise<ControlRoom> {
  const answer = await transport.request("POST", "/_matrix/client/v3/createRoom", {
    body: {
      json: { name: CONTROL_ROOM_NAME, preset: "private_chat", creation_content: { "m.federate": false } },
    },
  });
  const roomId: RoomId = requireString(answer, "room_id");
  let eventId: EventId | undefined;
  let isUsed = false;
  return {
    roomId,
    async send(clip) {
      if (isUsed || !NAME.test(clip.name) || !MIME_TYPE.test(clip.mimetype))
        throw refused("what is no control");
      isUsed = true;
      await requireAlone(transport, roomId);
      const uploaded = await transport.request("POST", "/_matrix/media/v3/upload", {
        query: { filename: clip.name },
        body: { bytes: clip.bytes, contentType: clip.mimetype },
      });
      const mxcUri: MxcUri = requireString(uploaded, "content_uri");
      eventId = await pen.put(roomId, "control", contentOf(clip, mxcUri));
      return { eventId, mxcUri };
    },
    async leave() {
      const trouble: string[] = [];
      const doing = async (what: string, work: () => Promise<unknown>): Promise<void> => {
        await work().catch((thrown) => trouble.push(`${what}: ${(thrown as Error).message}`));
      };
      const sent = eventId;
      if (sent) await doing("the message was not redacted", () => pen.redact(roomId, "redact", sent));
      await doing("the room was not left", () => leaveForGood(transport, roomId));
      return trouble;
    },
  };
}

/** Leaves a room and forgets it; also one that an earlier process has left behind. */
export async function leaveForGood(transport: Transport, roomId: RoomId): Promise<void> {
  for (const last of ["leave", "forget"]) {
    const url = `${path`/_matrix/client/v3/rooms/${roomId}`}/${last}`;
    await transport.request("POST", url, { body: { json: {} }, idempotent: true });
  }
}

async function requireAlone(transport: Transport, roomId: RoomId): Promise<void> {
  const answer = await transport.request("GET", path`/_matrix/client/v3/rooms/${roomId}/joined_members`);
  const joined = isObject(answer) && isObject(answer.joined) ? Object.keys(answer.joined) : [];
  if (joined.length !== 1) throw refused("a message to others");
}

const contentOf = (clip: ControlClip, url: MxcUri): JsonObject => ({
  msgtype: "m.audio",
  body: clip.name,
  info: { mimetype: clip.mimetype, size: clip.bytes.length, duration: clip.durationMs },
  url,
  "org.matrix.msc1767.audio": { duration: clip.durationMs, waveform: clip.waveform },
  "org.matrix.msc3245.voice": {},
});

const refused = (what: string): SottoError =>
  new SottoError("CLEAR_EVENT_REFUSED", `${what} was about to leave in clear`);
