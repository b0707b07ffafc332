import { SottoError } from "../errors.ts";
import type { EventId, RoomId, UserId } from "../model/ids.ts";
import { isObject, isString } from "./json.ts";
import { path } from "./path.ts";
import { isRoomEvent } from "./sync.ts";
import type { Transport } from "./transport.ts";

const PAGE = 100;
/** A busy room of a busy account; what is further back is not looked for. */
const MAX_PAGES = 200;
/** How far the homeserver's clock may be from ours. */
const CLOCKS_APART_MS = 3_600_000;

export interface SentEvent {
  sender: UserId;
  /** Of its content: no two events have the same. */
  ciphertext: string;
  /** It is not older than this: milliseconds since the epoch. */
  sinceMs: number;
}

/**
 * Looks through a room's timeline, from its end back, for an encrypted event. Undefined where all of it was seen since
 * that time, and the event is not there.
 *
 * @throws SottoError `SEND_UNCERTAIN` where not all of it can be seen
 */
export async function findSentEvent(
  transport: Transport,
  roomId: RoomId,
  { sender, ciphertext, sinceMs }: SentEvent,
): Promise<EventId | undefined> {
  const filter = JSON.stringify({ types: ["m.room.encrypted"], senders: [sender] });
  let from: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const answer = await transport.request("GET", path`/_matrix/client/v3/rooms/${roomId}/messages`, {
      query: { dir: "b", limit: PAGE, filter, ...(from === undefined ? {} : { from }) },
    });
    if (!isObject(answer) || !Array.isArray(answer.chunk)) throw notSeen(roomId);
    const events = answer.chunk.filter(isRoomEvent).filter((event) => event.sender === sender);
    const found = events.find(({ content }) => content.ciphertext === ciphertext);
    if (found) return found.event_id;
    if (events.some((event) => event.origin_server_ts < sinceMs - CLOCKS_APART_MS)) return undefined;
    if (!isString(answer.end) || answer.end === from) return undefined;
    from = answer.end;
  }
  throw notSeen(roomId);
}

const notSeen = (roomId: RoomId): SottoError =>
  new SottoError("SEND_UNCERTAIN", `whether the message reached ${roomId} cannot be seen in its timeline`, {
    cure: "look into the room; `sotto queue resend` sends it again if it is not there",
  });
