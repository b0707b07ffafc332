import { SottoError } from "../../errors.ts";
import type { RoomEvent } from "../../model/event.ts";
import { keptText } from "../../model/kept-text.ts";
import { isString } from "../json.ts";
import { isRoomEvent } from "../sync.ts";

/** https://spec.matrix.org/v1.19/appendices/#size-limits names 255 bytes; other texts are cut where people stop reading. */
const MAX_ID = 255;
const MAX_TEXT = 1_000;

export const nameOf = (text: string): string => keptText(text, MAX_ID);

/** A text for people, as long as a person would read; null where there is none. */
export const textOf = (value: unknown): string | null =>
  isString(value) && value !== "" ? keptText(value, MAX_TEXT) : null;

/** Whoever sends an event may write any time into it. */
export const timeOf = ({ origin_server_ts: time }: RoomEvent): number =>
  Math.max(0, Math.min(Number.MAX_SAFE_INTEGER, Math.trunc(time) || 0));

/** A homeserver gives events or it does not: a list with something else in it is not whole. */
export function eventsOf(value: unknown): RoomEvent[] {
  if (!Array.isArray(value) || !value.every(isRoomEvent))
    throw new SottoError("HOMESERVER_ERROR", "the homeserver gave something else than events");
  return value;
}

/**
 * Wider than the spec's grammar: a homeserver that lets in a user of a stranger kind must not hide them from an audit.
 * https://spec.matrix.org/v1.19/appendices/#historical-user-ids
 */
export const isAnyUserId = (text: string): boolean =>
  text.startsWith("@") && text.includes(":") && text.length <= MAX_ID;
