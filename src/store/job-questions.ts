import type { RoomId } from "../model/ids.ts";
import type { Job, JobState } from "../model/job.ts";
import type { Database, Row } from "./database.ts";

/** What people, and not the outbox, ask of its rows. */
export interface JobQuestions {
  /** Jobs that are neither sent nor given up, oldest first. */
  open(): Job[];
  /** How many there are in each state but `sent`. */
  counts(): Partial<Record<JobState, number>>;
  /** Of those that were given up, how many may have reached their room all the same. */
  uncertain(): number;
  /** When the oldest was accepted that is neither sent nor given up. */
  oldestOpenMs(): number | undefined;
  /** How many wait in these rooms, neither sent nor given up. */
  openIn(roomIds: readonly RoomId[]): number;
  /** The newest first. */
  list(limit: number): Job[];
  /** Those that wait and those that were given up, oldest first. */
  unsent(limit?: number): Job[];
  /** What was made of a source's recording, such as an event of a room: `room/event`. */
  ofSource(source: string): Job[];
  /** What was sent into a room, the newest first. */
  sentTo(roomId: RoomId, limit: number): Job[];
  /** What was sent and is to be sent again where somebody misses it; the newest first. */
  missable(): Job[];
}

/** Neither sent nor given up. */
export const OPEN = "state IN ('accepted', 'encoded', 'uploaded', 'encrypted')";

export function jobQuestions(db: Database, read: (row: Row) => Job): JobQuestions {
  return {
    open: () => db.all(`SELECT * FROM job WHERE ${OPEN} ORDER BY job_id`).map(read),
    counts: () =>
      Object.fromEntries(
        db
          .all(
            `SELECT state, COUNT(*) AS jobs FROM job WHERE ${OPEN} GROUP BY state
             UNION ALL SELECT state, COUNT(*) FROM job WHERE state = 'failed' GROUP BY state`,
          )
          .map((row) => [row.state as JobState, row.jobs as number]),
      ),
    uncertain: () =>
      Number(
        db.get("SELECT COUNT(*) AS jobs FROM job WHERE state = 'failed' AND error_code = 'SEND_UNCERTAIN'")
          ?.jobs,
      ),
    oldestOpenMs: () =>
      (db.get(`SELECT MIN(created_ms) AS oldest FROM job WHERE ${OPEN}`)?.oldest as number | null) ??
      undefined,
    openIn: (roomIds) =>
      Number(
        db.get(
          `SELECT COUNT(*) AS jobs FROM job WHERE ${OPEN} AND room_id IN (SELECT value FROM json_each(?))`,
          JSON.stringify(roomIds),
        )?.jobs,
      ),
    list: (limit) => db.all("SELECT * FROM job ORDER BY job_id DESC LIMIT ?", limit).map(read),
    unsent: (limit = Number.MAX_SAFE_INTEGER) =>
      db.all("SELECT * FROM job WHERE state <> 'sent' ORDER BY job_id LIMIT ?", limit).map(read),
    ofSource: (source) => db.all("SELECT * FROM job WHERE source = ? ORDER BY job_id", source).map(read),
    sentTo: (roomId, limit) =>
      db
        .all(
          "SELECT * FROM job WHERE room_id = ? AND state = 'sent' ORDER BY job_id DESC LIMIT ?",
          roomId,
          limit,
        )
        .map(read),
    missable: () =>
      db
        .all("SELECT * FROM job WHERE on_missed IS NOT NULL AND state = 'sent' ORDER BY job_id DESC")
        .map(read),
  };
}
