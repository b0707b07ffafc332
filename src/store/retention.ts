import type { Database } from "./database.ts";
import type { Meta } from "./meta.ts";

/** Until when, in milliseconds since the epoch, something must have happened to go now. */
export interface RetentionLimits {
  /** Messages that were given up, with their sealed content. */
  failedBefore: number;
  /** What was sent and who got its key; which event came with which index of a session; what was enforced. */
  historyBefore: number;
}

/** What is kept for a while only. */
export interface Retention {
  /** When `prune` was last called. */
  prunedMs(): number | undefined;
  /**
   * Nothing goes that protects: of a session in use, or of one whose events wait, everything stays; of any other it
   * stays known for ever which indexes were seen and which were spent. What was enforced and can be taken back stays, too,
   * up to the newest hundred steps of a room.
   */
  prune(limits: RetentionLimits, nowMs: number): void;
}

/** Closed ranges of message indexes, ascending: `[[0, 99], [101, 101]]`. */
type Ranges = [from: number, to: number][];

const PRUNED = "pruned";

/** True if the index was seen, and which event it came with is not known any more. */
export function isFolded(db: Database, sessionId: string, messageIndex: number): boolean {
  return rangesOf(db, sessionId).some(([from, to]) => from <= messageIndex && messageIndex <= to);
}

export function createRetention(
  db: Database,
  meta: Meta,
  dropRecording: (recordingId: string) => void,
): Retention {
  return {
    prunedMs() {
      const at = meta.read(PRUNED);
      return at === undefined ? undefined : Number(at);
    },
    prune({ failedBefore, historyBefore }, nowMs) {
      // a power cut may take it back: then it is done again
      const recordings = db.soon(() => {
        const forgotten = forgetFailed(db, failedBefore);
        db.run("DELETE FROM job WHERE state = 'sent' AND COALESCE(ended_ms, created_ms) < ?", historyBefore);
        forgetDeliveries(db, historyBefore);
        forgetEnforcement(db, historyBefore);
        for (const { session_id } of restingSessions(db, historyBefore)) fold(db, session_id as string);
        meta.write(PRUNED, String(nowMs));
        return forgotten;
      });
      for (const recordingId of recordings) dropRecording(recordingId);
    },
  };
}

/** Gives the recordings that are not needed any more. */
function forgetFailed(db: Database, before: number): string[] {
  const gone = "state = 'failed' AND COALESCE(ended_ms, created_ms) < ?";
  const recordings = db.all(
    `SELECT DISTINCT recording_id FROM job WHERE recording_id IS NOT NULL AND ${gone}`,
    before,
  );
  db.run(`DELETE FROM spool WHERE txn_id IN (SELECT txn_id FROM job WHERE ${gone})`, before);
  db.run(`DELETE FROM job WHERE ${gone}`, before);
  return recordings
    .map((row) => row.recording_id as string)
    .filter((id) => !db.get("SELECT 1 FROM job WHERE recording_id = ?", id));
}

/** A session's ledger goes as a whole. What stands under a room's ID is of the session that is about to begin. */
function forgetDeliveries(db: Database, before: number): void {
  db.run(
    `DELETE FROM delivery WHERE session_id IN (
       SELECT session_id FROM delivery GROUP BY session_id HAVING MAX(at_ms) < ?)
     AND session_id NOT IN (SELECT session_id FROM outbound)
     AND session_id NOT IN (SELECT session_id FROM job WHERE session_id IS NOT NULL)
     AND session_id NOT IN (SELECT room_id FROM room)`,
    before,
  );
}

/** So many steps of a room can be taken back, however old they are. */
const MOST_UNDONE = 100;

function forgetEnforcement(db: Database, before: number): void {
  const undoable = "is_reversible AND state IN ('begun', 'done')";
  db.run(
    `DELETE FROM enforcement WHERE at_ms < ? AND (NOT (${undoable}) OR number <= (
       SELECT newer.number FROM enforcement AS newer WHERE newer.room_id = enforcement.room_id AND ${undoable}
       ORDER BY newer.number DESC LIMIT 1 OFFSET ?))`,
    before,
    MOST_UNDONE,
  );
}

/** Nothing came of them for long, and nothing waits to be read. */
const restingSessions = (db: Database, before: number) =>
  db.all(
    `SELECT session_id FROM seen_index GROUP BY session_id HAVING MAX(at_ms) < ?
       AND session_id NOT IN (SELECT session_id FROM inbox)`,
    before,
  );

/** Which event came with which index goes; that the index was seen stays. */
function fold(db: Database, sessionId: string): void {
  const seen = db
    .all("SELECT message_index FROM seen_index WHERE session_id = ? ORDER BY message_index", sessionId)
    .map((row): Ranges[number] => [row.message_index as number, row.message_index as number]);
  const ranges: Ranges = [];
  for (const [from, to] of [...rangesOf(db, sessionId), ...seen].sort(([a], [b]) => a - b)) {
    const last = ranges.at(-1);
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to);
    else ranges.push([from, to]);
  }
  db.run("INSERT OR REPLACE INTO seen_session VALUES (?, ?)", sessionId, JSON.stringify(ranges));
  db.run("DELETE FROM seen_index WHERE session_id = ?", sessionId);
}

function rangesOf(db: Database, sessionId: string): Ranges {
  const row = db.get("SELECT ranges FROM seen_session WHERE session_id = ?", sessionId);
  return row ? (JSON.parse(row.ranges as string) as Ranges) : [];
}
