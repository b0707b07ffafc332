import type { EventId, RoomId } from "../model/ids.ts";
import type { Database } from "./database.ts";

/** Redactions of voice messages that were relayed, or may be, and are not followed yet. */
export interface Redactions {
  /** Of anything else nothing is kept. */
  add(roomId: RoomId, redacted: EventId): void;
  all(): { roomId: RoomId; redacted: EventId }[];
  done(redacted: EventId): void;
}

export const createRedactions = (db: Database): Redactions => ({
  add: (roomId, redacted) =>
    void db.run(
      `INSERT OR IGNORE INTO redaction SELECT ?1, ?2
         WHERE EXISTS (SELECT 1 FROM job WHERE source = ?2 || '/' || ?1)
            OR EXISTS (SELECT 1 FROM inbox WHERE event_id = ?1 AND room_id = ?2)`,
      redacted,
      roomId,
    ),
  all: () =>
    db
      .all("SELECT * FROM redaction")
      .map((row) => ({ roomId: row.room_id as string, redacted: row.event_id as string })),
  done: (redacted) => void db.run("DELETE FROM redaction WHERE event_id = ?", redacted),
});
