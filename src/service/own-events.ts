import type { DeviceId, UserId } from "../model/ids.ts";
import { isSignedBySession, megolmMessageIndex } from "../model/megolm-message.ts";
import type { RoomSync } from "../model/sync.ts";
import type { DoubtfulEvent, Store } from "../store/index.ts";

/** What the timelines show of this device that its store does not know. */
export interface UnknownOwnEvents {
  /** Under a session of this store, beyond what it has spent: whoever made it has a later copy of the store. */
  proof: DoubtfulEvent | undefined;
  /** Under sessions that this store never had. */
  doubtful: DoubtfulEvent[];
}

/**
 * Looks for events of this device that this store has not sent: it is then an old copy.
 *
 * Who an event is of is the homeserver's word: `sender`, `device_id` and the transaction ID are in clear, and nothing
 * binds them to a device. So only the session's own signature is believed. Under a session that this store has used it
 * is proof: its private key is in this device's stores alone, and a homeserver can make none that fits. Under a session
 * that the store never had it proves nothing, since anybody can make a session and write this device's name over it; but
 * an old copy sees just that of the first session that was begun after it. So the one condemns the store for ever, and
 * the other stops it until a person, who knows whether it was copied, has decided.
 */
export function unknownOwnEvents(
  rooms: readonly RoomSync[],
  { store, userId, deviceId }: { store: Store; userId: UserId; deviceId: DeviceId },
): UnknownOwnEvents {
  const doubtful = new Map<string, DoubtfulEvent>();
  for (const { roomId, timeline } of rooms) {
    for (const { type, sender, content, unsigned, event_id: eventId } of timeline) {
      if (type !== "m.room.encrypted" || sender !== userId) continue;
      const { session_id: sessionId, ciphertext } = content;
      if (typeof sessionId !== "string" || typeof ciphertext !== "string") continue;
      const free = store.sessions.nextIndex(sessionId);
      // the homeserver gives the transaction ID to the device that sent it, and to no other
      const isSuspect = free !== undefined || content.device_id === deviceId || unsigned?.transaction_id;
      if (!isSuspect || indexOf(ciphertext) < (free ?? 0)) continue;
      if (store.epoch.isForeign(sessionId) || !isSignedBySession(ciphertext, sessionId)) continue;
      const event = { roomId, eventId, sessionId };
      if (free !== undefined) return { proof: event, doubtful: [] };
      if (!doubtful.has(sessionId)) doubtful.set(sessionId, event);
    }
  }
  return { proof: undefined, doubtful: [...doubtful.values()] };
}

/** What is no Megolm message was not sent by any Sotto. */
function indexOf(ciphertext: string): number {
  try {
    return megolmMessageIndex(ciphertext);
  } catch {
    return -1;
  }
}
