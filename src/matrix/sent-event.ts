import { SottoError } from "../errors.ts";
import type { RoomEvent } from "../model/event.ts";
import type { EventId, RoomId, UserId } from "../model/ids.ts";
import { isObject, isString } from "./json.ts";
import { path } from "./path.ts";
import { matrixErrorOf } from "./request-failure.ts";
import { isRoomEvent } from "./sync.ts";
import type { Transport } from "./transport.ts";

const PAGE = 100;
/** A busy room of a busy account; what is further back is not looked for. */
const MAX_PAGES = 200;
/** How far the homeserver's clock may be from ours: by no more can the age be wrong after which an event is looked for. */
const CLOCKS_APART_MS = 12 * 3_600_000;

export interface SentEvent {
  sender: UserId;
  /** Of its content: no two events have the same. */
  ciphertext: string;
  /** The homeserver says it of this device's events, also where somebody has removed their content. */
  txnId: string;
  /** It is not older than this: milliseconds since the epoch. */
  sinceMs: number;
}

/**
 * Looks through a room's timeline, from its end back, for an encrypted event. Undefined where all of it was seen since
 * that time, and the event is not there.
 *
 * @throws SottoError `SEND_UNCERTAIN` where not all of it can be seen, `ROOM_NOT_JOINED` where nothing is shown
 */
export async function findSentEvent(
  transport: Transport,
  roomId: RoomId,
  { sender, ciphertext, txnId, sinceMs }: SentEvent,
): Promise<EventId | undefined> {
  const filter = JSON.stringify({ types: ["m.room.encrypted"], senders: [sender] });
  const transactionOf = ({ unsigned }: RoomEvent): unknown => unsigned?.transaction_id;
  const isRemoved = ({ content }: RoomEvent): boolean => content.ciphertext === undefined;
  let from: string | undefined;
  let isSeen = true;
  const missing = (): undefined => {
    if (!isSeen) throw notSeen(roomId);
  };
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query = { dir: "b", limit: PAGE, filter, ...(from === undefined ? {} : { from }) };
    const answer = await transport
      .request("GET", path`/_matrix/client/v3/rooms/${roomId}/messages`, { query })
      .catch((thrown) => {
        throw matrixErrorOf(thrown)?.errcode === "M_FORBIDDEN" ? notShown(roomId, thrown) : thrown;
      });
    if (!isObject(answer) || !Array.isArray(answer.chunk)) throw notSeen(roomId);
    const events = answer.chunk.filter(isRoomEvent).filter((event) => event.sender === sender);
    const found = events.find((event) =>
      isRemoved(event) ? transactionOf(event) === txnId : event.content.ciphertext === ciphertext,
    );
    if (found) return found.event_id;
    isSeen &&= !events.some((event) => isRemoved(event) && transactionOf(event) === undefined);
    if (events.some((event) => event.origin_server_ts < sinceMs - CLOCKS_APART_MS)) return missing();
    if (!isString(answer.end) || answer.end === from) return missing();
    from = answer.end;
  }
  throw notSeen(roomId);
}

const notShown = (roomId: RoomId, cause: unknown): SottoError =>
  new SottoError("ROOM_NOT_JOINED", `whether the message reached ${roomId} is not shown to this account`, {
    cause,
    cure: "let the account into the room and `sotto queue retry` it, which looks again before anything is sent",
  });

const notSeen = (roomId: RoomId): SottoError =>
  new SottoError("SEND_UNCERTAIN", `whether the message reached ${roomId} cannot be seen in its timeline`, {
    cure: "look into the room; `sotto queue resend` sends it again if it is not there",
  });
