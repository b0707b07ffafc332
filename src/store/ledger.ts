import type { DeviceId, RoomId, UserId } from "../model/ids.ts";
import type { Delivery, LedgerEntry } from "../model/job.ts";
import type { Database, Row } from "./database.ts";

/**
 * Which device was handed which session's key, when, or why not; and whom we know as a member of a room. The engine
 * does not tell a session's ID before its first event: until then its entries stand under the room.
 */
export interface Ledger {
  /** Durable when it returns. */
  record(roomId: RoomId, deliveries: readonly Delivery[], atMs: number): void;
  /**
   * What is not of the present members and devices goes, in the ledger of the room's next event; of the session in use,
   * devices that have its key stay.
   */
  keepOnly(roomId: RoomId, sessionId: string | undefined, present: readonly Device[]): void;
  /** The session carries an event: what was recorded for the room is its own, readable from that event on. */
  settle(roomId: RoomId, sessionId: string, messageIndex: number): void;
  /** The key that was shared is never used. */
  forget(roomId: RoomId): void;
  /** True where a key was shared for the room that has not carried an event. */
  isOpen(roomId: RoomId): boolean;
  entries(sessionId: string): LedgerEntry[];
  /** The ledgers of all sessions, oldest entry first. */
  all(): (LedgerEntry & { sessionId: string })[];
  /** Whether somebody lacks the key who may get it later, in the session in use or the next. */
  hasMissed(roomId: RoomId, sessionId: string | undefined): boolean;
  /** Rooms whose session in use somebody lacks who may get it later. */
  roomsWithMissed(): RoomId[];
  /**
   * Those of the users whom no key was shared with in the room since they last came; undefined if there was no share at
   * all. Whoever leaves is forgotten with the batch that tells it.
   */
  newMembers(roomId: RoomId, userIds: readonly UserId[]): UserId[] | undefined;
  /** Durable when it returns. */
  know(roomId: RoomId, userIds: readonly UserId[], atMs: number): void;
}

export type Device = Pick<Delivery, "userId" | "deviceId">;

/** As it stands in the table, where a key cannot be null. */
const column = (deviceId: DeviceId | null): string => deviceId ?? "";
const MISSED = "outcome IN ('m.no_olm', 'unreachable')";

/** A device that was handed the key keeps the day on which it was. */
const UPSERT = `ON CONFLICT DO UPDATE SET
  before = IIF(outcome = excluded.outcome, before, outcome),
  outcome = excluded.outcome, at_ms = excluded.at_ms, from_index = excluded.from_index
  WHERE outcome <> 'shared'`;

export function createLedger(db: Database): Ledger {
  const rows = (key: string): Row[] =>
    db.all("SELECT * FROM delivery WHERE session_id = ? ORDER BY user_id, device_id", key);
  return {
    record(roomId, deliveries, atMs) {
      if (deliveries.length === 0) return;
      db.transaction(() => {
        for (const { userId, deviceId, outcome } of deliveries) {
          db.run(
            `INSERT INTO delivery (session_id, user_id, device_id, outcome, at_ms) VALUES (?, ?, ?, ?, ?) ${UPSERT}`,
            roomId,
            userId,
            column(deviceId),
            outcome,
            atMs,
          );
        }
      });
    },
    keepOnly(roomId, sessionId, present) {
      const kept = new Set(present.map(({ userId, deviceId }) => `${userId} ${column(deviceId)}`));
      db.transaction(() => {
        for (const key of [roomId, ...(sessionId === undefined ? [] : [sessionId])]) {
          for (const { user_id, device_id, outcome } of rows(key)) {
            if (kept.has(`${user_id} ${device_id}`) || (key === sessionId && outcome === "shared")) continue;
            db.run(
              "DELETE FROM delivery WHERE session_id = ? AND user_id = ? AND device_id = ?",
              key,
              user_id as string,
              device_id as string,
            );
          }
        }
      });
    },
    settle(roomId, sessionId, messageIndex) {
      db.run(
        `INSERT INTO delivery (session_id, user_id, device_id, outcome, at_ms, from_index, before)
           SELECT ?1, user_id, device_id, outcome, at_ms, IIF(outcome = 'shared', ?2, NULL), before
             FROM delivery WHERE session_id = ?3 ${UPSERT}`,
        sessionId,
        messageIndex,
        roomId,
      );
      db.run("DELETE FROM delivery WHERE session_id = ?", roomId);
    },
    forget: (roomId) => void db.run("DELETE FROM delivery WHERE session_id = ?", roomId),
    isOpen: (roomId) => db.get("SELECT 1 FROM delivery WHERE session_id = ? LIMIT 1", roomId) !== undefined,
    entries: (sessionId) => rows(sessionId).map(read),
    all: () =>
      db
        .all("SELECT * FROM delivery ORDER BY at_ms, session_id, user_id, device_id")
        .map((row) => ({ sessionId: row.session_id as string, ...read(row) })),
    hasMissed: (roomId, sessionId) =>
      db.get(
        `SELECT 1 FROM delivery WHERE session_id = ?1 AND ${MISSED}
           UNION ALL
         SELECT 1 FROM delivery AS old WHERE session_id = ?2 AND ${MISSED} AND NOT EXISTS (
           SELECT 1 FROM delivery WHERE session_id = ?1
             AND user_id = old.user_id AND device_id = old.device_id)
           LIMIT 1`,
        roomId,
        sessionId ?? null,
      ) !== undefined,
    roomsWithMissed: () =>
      db
        .all(
          `SELECT room_id FROM outbound WHERE EXISTS (
             SELECT 1 FROM delivery WHERE session_id = outbound.session_id AND ${MISSED})`,
        )
        .map((row) => row.room_id as string),
    newMembers(roomId, userIds) {
      const known = new Set(
        db.all("SELECT user_id FROM known_member WHERE room_id = ?", roomId).map((row) => row.user_id),
      );
      return known.size === 0 ? undefined : userIds.filter((userId) => !known.has(userId));
    },
    know(roomId, userIds, atMs) {
      db.transaction(() => {
        for (const userId of userIds)
          db.run("INSERT OR IGNORE INTO known_member VALUES (?, ?, ?)", roomId, userId, atMs);
      });
    },
  };
}

const read = (row: Row): LedgerEntry => ({
  userId: row.user_id as string,
  deviceId: (row.device_id as string) || null,
  outcome: row.outcome as string,
  atMs: row.at_ms as number,
  fromIndex: (row.from_index as number | null) ?? undefined,
  before: (row.before as string | null) ?? undefined,
});
