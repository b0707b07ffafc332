import type { RoomEvent } from "../model/event.ts";
import type { RoomId } from "../model/ids.ts";
import { isObject, isString } from "./json.ts";
import { path } from "./path.ts";
import { isRoomEvent } from "./sync.ts";
import type { Transport } from "./transport.ts";

/** Events that `/sync` has left out of a timeline. */
export interface History {
  /** Oldest first. */
  events: RoomEvent[];
  /** False where more are missing than were asked for. */
  complete: boolean;
}

export interface HistoryOptions {
  /** `prev_batch` of the timeline that is not whole. */
  readonly from: string;
  /** The sync token up to which everything is known. */
  readonly to: string;
  readonly maxPages: number;
  readonly signal?: AbortSignal;
}

const PAGE = 100;
const FILTER = JSON.stringify({ types: ["m.room.encrypted", "m.room.redaction"] });

/**
 * The encrypted events of a room, and what was redacted in it, between two tokens, read from the newest back.
 * https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3roomsroomidmessages
 */
export async function encryptedHistory(
  transport: Transport,
  roomId: RoomId,
  { from, to, maxPages, signal }: HistoryOptions,
): Promise<History> {
  const events: RoomEvent[] = [];
  let token = from;
  for (let page = 0; page < maxPages; page += 1) {
    const answer = await transport.request("GET", path`/_matrix/client/v3/rooms/${roomId}/messages`, {
      query: { dir: "b", from: token, to, limit: PAGE, filter: FILTER },
      ...(signal && { signal }),
    });
    if (!isObject(answer)) return { events: events.reverse(), complete: false };
    // one by one: a page may have more than a call takes arguments
    if (Array.isArray(answer.chunk)) for (const event of answer.chunk.filter(isRoomEvent)) events.push(event);
    // the spec leaves `end` out where there is no more; some servers repeat the token instead
    if (!isString(answer.end) || answer.end === token) return { events: events.reverse(), complete: true };
    token = answer.end;
  }
  return { events: events.reverse(), complete: false };
}
