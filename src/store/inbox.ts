import type { RoomEvent } from "../model/event.ts";
import type { EventId, RoomId } from "../model/ids.ts";
import type { Database } from "./database.ts";

/** An encrypted event that waits to be handed out; it lies here as the server gave it. */
export interface WaitingEvent {
  roomId: RoomId;
  sessionId: string;
  event: RoomEvent;
  receivedMs: number;
  /** Why it was last reported as not handed on, in the reporter's own word. */
  reported: string | undefined;
}

/**
 * Encrypted events between the sync token and whoever wants them: an event goes in with the token that covers it
 * and out when it was handled, so a crash in between repeats it and loses none.
 */
export interface InboxStore {
  /** False where the event is larger than the spec allows any event to be: it is not taken. */
  add(roomId: RoomId, event: RoomEvent, receivedMs: number): boolean;
  /**
   * As they came, read one by one: memory never holds them all. Whoever reads may add and remove meanwhile.
   * @param isSkipped asked before an event is read
   */
  waiting(isSkipped?: (eventId: EventId) => boolean): Generator<WaitingEvent, void>;
  get(eventId: EventId): WaitingEvent | undefined;
  has(eventId: EventId): boolean;
  /** How many wait in each room, by the reason for which they were last reported. */
  reported(): { roomId: RoomId; why: string; events: number }[];
  /** It was reported for this reason, and stays. */
  setReported(eventId: EventId, why: string): void;
  /** It never comes back in. */
  done(eventId: EventId): void;
}

/** A bot that never receives must not fill its disk: the oldest go first, of the room that has most of them waiting. */
const MAX_WAITING = 5_000;
/** https://spec.matrix.org/v1.19/client-server-api/#size-limits */
const MAX_EVENT_BYTES = 65_536;
const PAGE = 200;

export function createInboxStore(db: Database): InboxStore {
  const page = (after: number) =>
    db.all("SELECT rowid, event_id FROM inbox WHERE rowid > ? ORDER BY rowid LIMIT ?", after, PAGE);
  const get = (eventId: EventId): WaitingEvent | undefined => {
    const row = db.get("SELECT * FROM inbox WHERE event_id = ?", eventId);
    return (
      row && {
        roomId: row.room_id as string,
        sessionId: row.session_id as string,
        event: JSON.parse(row.event as string),
        receivedMs: row.received_ms as number,
        reported: (row.reported as string | null) ?? undefined,
      }
    );
  };
  const remove = (eventId: EventId): void => {
    db.run("DELETE FROM inbox WHERE event_id = ?", eventId);
    db.run("DELETE FROM handed WHERE event_id = ?", eventId);
  };
  const isHandled = (sessionId: string, eventId: EventId): boolean =>
    db.get(
      "SELECT 1 FROM seen_index WHERE session_id = ? AND event_id = ? AND handled = 1",
      sessionId,
      eventId,
    ) !== undefined;
  return {
    add(roomId, event, receivedMs) {
      // what the homeserver adds for the client is not part of the event and has no limit
      const { unsigned: _, ...signed } = event as RoomEvent & { unsigned?: unknown };
      const json = JSON.stringify(signed);
      if (Buffer.byteLength(json) > MAX_EVENT_BYTES) return false;
      const { session_id: given } = event.content;
      const sessionId = typeof given === "string" ? given : "";
      // a homeserver may give the same event again
      if (isHandled(sessionId, event.event_id)) return true;
      db.run(
        "INSERT OR IGNORE INTO inbox VALUES (?, ?, ?, ?, ?, NULL)",
        event.event_id,
        roomId,
        sessionId,
        json,
        receivedMs,
      );
      // a room that nobody receives from pushes out no message of another
      if (Number(db.get("SELECT COUNT(*) AS events FROM inbox")?.events) > MAX_WAITING) {
        const oldest = db.get(
          `SELECT event_id, MIN(rowid) FROM inbox WHERE room_id =
             (SELECT room_id FROM inbox GROUP BY room_id ORDER BY COUNT(*) DESC LIMIT 1)`,
        );
        remove(oldest?.event_id as string);
      }
      return true;
    },
    *waiting(isSkipped = () => false) {
      let rows = page(0);
      while (rows.length > 0) {
        for (const { event_id } of rows) {
          const waiting = isSkipped(event_id as string) ? undefined : get(event_id as string);
          if (waiting) yield waiting;
        }
        rows = page(rows.at(-1)?.rowid as number);
      }
    },
    get,
    has: (eventId) => db.get("SELECT 1 FROM inbox WHERE event_id = ?", eventId) !== undefined,
    reported: () =>
      db
        .all(
          `SELECT room_id, reported, COUNT(*) AS events FROM inbox WHERE reported IS NOT NULL
             GROUP BY room_id, reported ORDER BY room_id, reported`,
        )
        .map((row) => ({
          roomId: row.room_id as string,
          why: row.reported as string,
          events: row.events as number,
        })),
    setReported: (eventId, why) =>
      void db.run("UPDATE inbox SET reported = ? WHERE event_id = ?", why, eventId),
    done: (eventId) =>
      db.transaction(() => {
        db.run(
          `UPDATE seen_index SET handled = 1 WHERE event_id = ?1
             AND session_id = (SELECT session_id FROM inbox WHERE event_id = ?1)`,
          eventId,
        );
        remove(eventId);
      }),
  };
}
