import { toSottoError } from "../../errors.ts";
import type { EventId, RoomId, UserId } from "../../model/ids.ts";
import type { Account } from "../account.ts";

/**
 * Whether the event that a message says it replaces is its own sender's: of that the homeserver's word is no proof, so
 * the event is decrypted. False also where it is not there any more.
 *
 * @throws SottoError what another try may cure
 */
export async function isBySameSender(
  { rooms, crypto, logger }: Account,
  { eventId, roomId, sender }: { eventId: EventId; roomId: RoomId; sender: UserId },
  replaces: EventId,
): Promise<boolean> {
  try {
    const event = await rooms.event(roomId, replaces);
    const isClear = event.type === "m.room.message";
    const earlier = isClear ? event : await crypto.decrypt(roomId, event);
    const isViolation = "trust" in earlier && earlier.trust === "violation";
    if (earlier.sender === sender && !isViolation) return true;
  } catch (thrown) {
    const error = toSottoError(thrown);
    if (error.exitCode === 4 || error.code === "RATE_LIMITED" || error.code === "TOKEN_REJECTED") throw error;
  }
  logger.warn("an edit is not relayed: what it replaces is not its sender's, or not there", {
    ...{ eventId, roomId, sender },
  });
  return false;
}
