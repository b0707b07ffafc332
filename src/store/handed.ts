import type { EventId } from "../model/ids.ts";
import type { Database } from "./database.ts";

export interface Handed {
  has(eventId: EventId, receiver: string): boolean;
  /** Nothing where the event has left the inbox. */
  add(eventId: EventId, receiver: string): void;
}

export function createHanded(db: Database): Handed {
  return {
    has: (eventId, receiver) =>
      db.get("SELECT 1 FROM handed WHERE event_id = ? AND receiver = ?", eventId, receiver) !== undefined,
    add: (eventId, receiver) =>
      void db.run(
        "INSERT OR IGNORE INTO handed SELECT event_id, ? FROM inbox WHERE event_id = ?",
        receiver,
        eventId,
      ),
  };
}
