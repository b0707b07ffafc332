import type { RoomEvent } from "../model/event.ts";
import type { EventId, RoomId } from "../model/ids.ts";
import type { Database } from "./database.ts";

/** An encrypted event that waits to be handed out; it lies here as the server gave it. */
export interface WaitingEvent {
  roomId: RoomId;
  sessionId: string;
  event: RoomEvent;
}

/**
 * Encrypted events between the sync token and whoever wants them: an event goes in with the token that covers it
 * and out when it was handled, so a crash in between repeats it and loses none.
 */
export interface InboxStore {
  add(roomId: RoomId, event: RoomEvent, receivedMs: number): void;
  waiting(): WaitingEvent[];
  done(eventId: EventId): void;
}

/** A bot that never receives must not fill its disk: the oldest go first. */
const MAX_WAITING = 5_000;

export function createInboxStore(db: Database): InboxStore {
  return {
    add(roomId, event, receivedMs) {
      const sessionId = String(event.content.session_id ?? "");
      db.run(
        "INSERT OR IGNORE INTO inbox VALUES (?, ?, ?, ?, ?)",
        event.event_id,
        roomId,
        sessionId,
        JSON.stringify(event),
        receivedMs,
      );
      db.run("DELETE FROM inbox WHERE rowid <= (SELECT MAX(rowid) FROM inbox) - ?", MAX_WAITING);
    },
    waiting: () =>
      db.all("SELECT room_id, session_id, event FROM inbox ORDER BY rowid").map((row) => ({
        roomId: row.room_id as string,
        sessionId: row.session_id as string,
        event: JSON.parse(row.event as string),
      })),
    done: (eventId) => void db.run("DELETE FROM inbox WHERE event_id = ?", eventId),
  };
}
