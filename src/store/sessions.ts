import type { EventId, RoomId } from "../model/ids.ts";
import type { Database } from "./database.ts";
import { isFolded } from "./retention.ts";

/** The outbound Megolm session of a room, as Sotto counts it. */
export interface OutboundSession {
  roomId: RoomId;
  sessionId: string;
  createdMs: number;
  messages: number;
  mustRotate: boolean;
  /** The policy under which everyone has it who is to have it; undefined where that is not known. */
  sharedUnder: string | undefined;
}

/** Counters of Megolm sessions. */
export interface SessionStore {
  outbound(roomId: RoomId): OutboundSession | undefined;
  /** Durable before the ciphertext is handed out. */
  countMessage(roomId: RoomId, sessionId: string, atMs: number, sharedUnder?: string): void;
  /** Somebody may lack the session's key. */
  forgetShared(roomIds: Iterable<RoomId>): void;
  /** Holds until `forgetOutbound`, whichever session is counted meanwhile. */
  requireRotation(roomIds: Iterable<RoomId>): void;
  forgetOutbound(roomId: RoomId): void;
  /** The first index of one of our own sessions that is free; undefined for a session that was never ours. */
  nextIndex(sessionId: string): number | undefined;
  /** False if this index, or a later one, of our own session was spent before: it must not leave. */
  spendIndex(sessionId: string, messageIndex: number): boolean;
  /**
   * False if this message index was already seen under another event ID: a replay. Of a session that has long been at
   * rest it is not known any more which event came with an index, and each that comes again is one.
   */
  claimIndex(sessionId: string, messageIndex: number, eventId: EventId, atMs?: number): boolean;
}

export function createSessionStore(db: Database): SessionStore {
  const nextIndex = (sessionId: string): number | undefined =>
    db.get("SELECT next_index FROM own_session WHERE session_id = ?", sessionId)?.next_index as
      | number
      | undefined;
  return {
    outbound(roomId) {
      const row = db.get("SELECT * FROM outbound WHERE room_id = ?", roomId);
      return row
        ? {
            roomId,
            sessionId: row.session_id as string,
            createdMs: row.created_ms as number,
            messages: row.messages as number,
            mustRotate: row.must_rotate === 1,
            sharedUnder: (row.shared_under as string | null) ?? undefined,
          }
        : undefined;
    },
    countMessage(roomId, sessionId, atMs, sharedUnder) {
      db.run(
        `INSERT INTO outbound VALUES (?1, ?2, ?3, 1, 0, ?4) ON CONFLICT DO UPDATE SET
           messages = IIF(session_id = ?2, messages + 1, 1),
           created_ms = IIF(session_id = ?2, created_ms, ?3),
           session_id = ?2,
           shared_under = ?4`,
        roomId,
        sessionId,
        atMs,
        sharedUnder ?? null,
      );
    },
    forgetShared(roomIds) {
      for (const roomId of roomIds)
        db.run(
          "UPDATE outbound SET shared_under = NULL WHERE room_id = ? AND shared_under IS NOT NULL",
          roomId,
        );
    },
    requireRotation(roomIds) {
      // also where no message was counted yet: the session may just be on its way to the one who left
      for (const roomId of roomIds) {
        db.run(
          "INSERT INTO outbound VALUES (?, '', 0, 0, 1, NULL) ON CONFLICT DO UPDATE SET must_rotate = 1",
          roomId,
        );
      }
    },
    forgetOutbound: (roomId) => void db.run("DELETE FROM outbound WHERE room_id = ?", roomId),
    nextIndex,
    spendIndex(sessionId, messageIndex) {
      if (messageIndex < (nextIndex(sessionId) ?? 0)) return false;
      db.run("INSERT OR REPLACE INTO own_session VALUES (?, ?)", sessionId, messageIndex + 1);
      return true;
    },
    claimIndex(sessionId, messageIndex, eventId, atMs = Date.now()) {
      if (isFolded(db, sessionId, messageIndex)) return false;
      db.run(
        "INSERT OR IGNORE INTO seen_index VALUES (?, ?, ?, ?, 0)",
        sessionId,
        messageIndex,
        eventId,
        atMs,
      );
      const row = db.get(
        "SELECT event_id FROM seen_index WHERE session_id = ? AND message_index = ?",
        sessionId,
        messageIndex,
      );
      return row?.event_id === eventId;
    },
  };
}
