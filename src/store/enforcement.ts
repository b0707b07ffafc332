import type { EnforcementRecord, Step, Warning } from "../model/enforcement.ts";
import type { RoomId, UserId } from "../model/ids.ts";
import type { Database } from "./database.ts";
import type { Sealer } from "./seal.ts";

/** What `sotto enforce` has done, and whom it has warned. Every call is durable when it returns. */
export interface EnforcementStore {
  /** Before the homeserver is asked. Gives the record's number. */
  begin(step: Step, atMs: number): number;
  end(number: number, state: Exclude<EnforcementRecord["state"], "begun">): void;
  /** Of a room, the newest first. */
  records(roomId: RoomId): EnforcementRecord[];
  warnings(): Warning[];
  /** A notice is in the room: the first one, or a further one. */
  warned(roomId: RoomId, userId: UserId, atMs: number): void;
  /** All is well with the user in that room, or the user is gone. */
  forgive(roomId: RoomId, userId: UserId): void;
}

export const createEnforcementStore = (db: Database, sealer: Sealer): EnforcementStore => ({
  begin: (step, atMs) =>
    db.transaction(() => {
      const last = db.get("SELECT MAX(number) AS number FROM enforcement")?.number;
      const number = Number(last ?? 0) + 1;
      const sealed = sealer.seal(JSON.stringify(step), placeOf(number));
      const values = [number, step.roomId, atMs, sealed, Number(step.reversible)] as const;
      db.run("INSERT INTO enforcement VALUES (?, ?, 'begun', ?, ?, ?)", ...values);
      return number;
    }),
  end: (number, state) => void db.run("UPDATE enforcement SET state = ? WHERE number = ?", state, number),
  records: (roomId) =>
    db.all("SELECT * FROM enforcement WHERE room_id = ? ORDER BY number DESC", roomId).map((row) => {
      const number = Number(row.number);
      return {
        number,
        roomId,
        state: row.state as EnforcementRecord["state"],
        step: JSON.parse(sealer.open(row.sealed_step as Uint8Array, placeOf(number))) as Step,
        atMs: Number(row.at_ms),
      };
    }),
  warnings: () =>
    db.all("SELECT * FROM warning ORDER BY room_id, user_id").map((row) => ({
      roomId: row.room_id as string,
      userId: row.user_id as string,
      firstMs: Number(row.first_ms),
      lastMs: Number(row.last_ms),
      count: Number(row.count),
    })),
  warned: (roomId, userId, atMs) =>
    void db.run(
      `INSERT INTO warning VALUES (?1, ?2, ?3, ?3, 1)
         ON CONFLICT DO UPDATE SET last_ms = ?3, count = count + 1`,
      roomId,
      userId,
      atMs,
    ),
  forgive: (roomId, userId) =>
    void db.run("DELETE FROM warning WHERE room_id = ? AND user_id = ?", roomId, userId),
});

const placeOf = (number: number): string => `enforcement ${number}`;
