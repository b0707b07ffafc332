import { SottoError } from "../../errors.ts";
import type { RoomEvent } from "../../model/event.ts";
import type { Envelope, Timeline } from "../../model/room-facts.ts";
import { isObject, isString } from "../json.ts";
import { eventsOf, nameOf, timeOf } from "./event.ts";

/** A page of the past, from the given token backwards; from the present without one. */
export type FetchPage = (from: string | undefined, limit: number) => Promise<unknown>;

const PAGE = 500;
/** A homeserver may leave out so much that pages are empty, but not for ever. */
const MAX_EMPTY_PAGES = 20;

/** State whose history says whether encryption was weakened, and which pictures the room has shown. */
const GUARDS = new Set([
  ...["m.room.encryption", "m.room.history_visibility", "m.room.power_levels"],
  ...["m.room.join_rules", "m.room.guest_access", "m.room.avatar"],
]);
/** No event is larger: https://spec.matrix.org/v1.19/client-server-api/#size-limits */
const MAX_CONTENT = 65_536;

/**
 * A room's past from the newest event back, as many events as asked for. Of what was said nothing is kept.
 *
 * @throws SottoError `HOMESERVER_ERROR`
 */
export async function readTimeline(fetchPage: FetchPage, depth: number): Promise<Timeline> {
  const envelopes: Envelope[] = [];
  const seen = new Set<string>();
  let from: string | undefined;
  for (let emptyPages = 0; envelopes.length < depth && emptyPages < MAX_EMPTY_PAGES; ) {
    const page = await fetchPage(from, Math.min(PAGE, depth - envelopes.length));
    if (!isObject(page)) throw new SottoError("HOMESERVER_ERROR", "the homeserver gave no page of events");
    const events = eventsOf(page.chunk).filter(({ event_id }) => !seen.has(event_id));
    for (const event of events) {
      seen.add(event.event_id);
      if (envelopes.length < depth) envelopes.push(envelopeOf(event));
    }
    // the spec leaves `end` out where there is no more; some servers repeat the token instead
    const isLast = !isString(page.end) || page.end === from || events.some(isCreation);
    if (isLast) return { isWhole: envelopes.length === seen.size, envelopes };
    if (events.length === 0) emptyPages += 1;
    from = page.end as string;
  }
  if (envelopes.length < depth)
    throw new SottoError("HOMESERVER_ERROR", "the homeserver gave only empty pages in the end");
  return { isWhole: false, envelopes };
}

const isCreation = ({ type, state_key }: RoomEvent): boolean => type === "m.room.create" && state_key === "";

/** As much of the newest part as was asked for. */
export const cutTimeline = ({ isWhole, envelopes }: Timeline, depth: number): Timeline => ({
  isWhole: isWhole && envelopes.length <= depth,
  envelopes: envelopes.slice(0, depth),
});

export function envelopeOf(event: RoomEvent): Envelope {
  const { type, content, state_key: stateKey, unsigned } = event;
  const isEncrypted = type === "m.room.encrypted";
  const media = isEncrypted || stateKey !== undefined ? undefined : mediaOf(content);
  const relation = relationOf(content["m.relates_to"]);
  const isGuard = stateKey === "" && GUARDS.has(type);
  return {
    eventId: event.event_id,
    type: nameOf(type),
    sender: nameOf(event.sender),
    sentMs: timeOf(event),
    ...(isString(stateKey) && { stateKey: nameOf(stateKey) }),
    ...(isEncrypted && isString(content.session_id) && { sessionId: nameOf(content.session_id) }),
    ...(!isEncrypted && isString(content.msgtype) && { msgtype: nameOf(content.msgtype) }),
    ...(media !== undefined && { media }),
    ...(relation !== undefined && { relation }),
    ...(isObject(unsigned) && isObject(unsigned.redacted_because) && { isRedacted: true as const }),
    ...(isGuard && isReplacement(unsigned) && { isChange: true as const }),
    ...(isGuard && isSmall(content) && { content }),
  };
}

/** Homeservers say it by `prev_content`, which the spec has, or by `replaces_state`, which Synapse always gives. */
const isReplacement = (unsigned: unknown): boolean =>
  isObject(unsigned) && (isObject(unsigned.prev_content) || isString(unsigned.replaces_state));

/** https://spec.matrix.org/v1.19/client-server-api/#sending-encrypted-attachments */
function mediaOf({ url, file }: RoomEvent["content"]): Envelope["media"] {
  if (isObject(file)) return "encrypted";
  return isString(url) && url !== "" ? "clear" : undefined;
}

/** https://spec.matrix.org/v1.19/client-server-api/#forming-relationships-between-events */
function relationOf(relation: unknown): string | undefined {
  if (!isObject(relation)) return undefined;
  if (isString(relation.rel_type)) return nameOf(relation.rel_type);
  return isObject(relation["m.in_reply_to"]) ? "m.in_reply_to" : undefined;
}

const isSmall = (content: object): boolean => JSON.stringify(content).length <= MAX_CONTENT;
