import { SottoError } from "../errors.ts";
import type { DecryptedEvent } from "../model/event.ts";
import type { EventId } from "../model/ids.ts";
import type { WaitingEvent } from "../store/index.ts";
import type { Account } from "./account.ts";

/** It came without encryption, into a room whose config allows that. */
export const isClear = ({ event }: WaitingEvent): boolean => event.type === "m.room.message";

/**
 * A clear event as the others are seen. Nothing proves who sent it, or what it says.
 *
 * @throws SottoError `SENDER_UNTRUSTED` where the room has been encrypted meanwhile
 */
export function readClear({ store }: Account, { roomId, event }: WaitingEvent): DecryptedEvent {
  const { event_id: eventId, sender, origin_server_ts: originServerTs, type, content } = event;
  if (store.rooms.get(roomId)?.encryption)
    throw new SottoError("SENDER_UNTRUSTED", `${eventId} came in clear, and the room is encrypted`);
  const proof = { senderDeviceId: undefined, sessionId: "", trust: "unknown" as const };
  return { roomId, eventId, sender, originServerTs, type, content, ...proof };
}

/**
 * A message's content, or of one that takes the place of an earlier one, what it is now. Of an encrypted event the
 * relation that counts is the clear one.
 * https://spec.matrix.org/v1.19/client-server-api/#applying-mnew_content
 */
export function latest(
  { content }: DecryptedEvent,
  relation: unknown,
): { content: Record<string, unknown>; replaces?: EventId } {
  const { rel_type: type, event_id: eventId } = (relation ?? {}) as Record<string, unknown>;
  const renewed = content["m.new_content"];
  if (type !== "m.replace" || typeof eventId !== "string" || typeof renewed !== "object" || renewed === null)
    return { content };
  return { content: renewed as Record<string, unknown>, replaces: eventId };
}
