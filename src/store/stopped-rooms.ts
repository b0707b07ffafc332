import type { RoomId } from "../model/ids.ts";
import type { StoppedRoom, StopReason } from "../model/stopped-room.ts";
import type { Database, Row } from "./database.ts";

/** Rooms that get nothing from us. Every call is durable when it returns. */
export interface StoppedRooms {
  /** One that is stopped for this reason already stays so since then, with these words. */
  stop(room: StoppedRoom): void;
  /** For this reason; false where it was not stopped for it. */
  lift(roomId: RoomId, because: StopReason): boolean;
  /** Why a room is stopped: `evacuated` first; nothing where it is not. */
  of(roomId: RoomId): StoppedRoom[];
  all(): StoppedRoom[];
}

export const createStoppedRooms = (db: Database): StoppedRooms => ({
  stop: ({ roomId, because, message, cure, sinceMs }) =>
    void db.run(
      `INSERT INTO stopped_room VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET message = excluded.message, cure = excluded.cure`,
      roomId,
      because,
      message,
      cure,
      sinceMs,
    ),
  lift: (roomId, because) =>
    db.transaction(() => {
      const wanted = "room_id = ? AND because = ?";
      if (!db.get(`SELECT 1 FROM stopped_room WHERE ${wanted}`, roomId, because)) return false;
      db.run(`DELETE FROM stopped_room WHERE ${wanted}`, roomId, because);
      return true;
    }),
  of: (roomId) => db.all("SELECT * FROM stopped_room WHERE room_id = ? ORDER BY because", roomId).map(read),
  all: () => db.all("SELECT * FROM stopped_room ORDER BY room_id, because").map(read),
});

const read = (row: Row): StoppedRoom => ({
  roomId: row.room_id as string,
  because: row.because as StopReason,
  message: row.message as string,
  cure: row.cure as string,
  sinceMs: Number(row.since_ms),
});
