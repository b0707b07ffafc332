import type { Finding, Severity } from "../model/finding.ts";
import type { RoomId } from "../model/ids.ts";
import { type Leave, type OpenFinding, type PatrolNews, urgencyOf } from "../model/patrol.ts";
import type { Database, Row } from "./database.ts";
import type { Meta } from "./meta.ts";
import type { Sealer } from "./seal.ts";

/** What the patrol has found, and how much of it the operators know. Every call is durable when it returns. */
export interface PatrolStore {
  open(): OpenFinding[];
  /** How many are open. */
  counts(): (Pick<OpenFinding, "severity" | "result"> & { count: number })[];
  /** @param gone - fingerprints of what is there no more */
  update(found: readonly OpenFinding[], gone: readonly string[]): void;
  /** What the operators were not told. */
  news(): PatrolNews;
  /** They know all of it from here on: inside the transaction that takes the notice for them. */
  told(jobId: number): void;
  /** Another job says what the last notice was to say. */
  saidBy(jobId: number): void;
  /** The job of the last notice. */
  notice(): number | undefined;
  /** A room is going to be left; the same one is begun once. */
  beginToLeave(roomId: RoomId, atMs: number): Leave;
  announced(roomId: RoomId, atMs: number): void;
  /** Those that were begun and not left, and are stopped still. */
  leaving(): Leave[];
  /** Before the homeserver is asked; undefined where it has refused. */
  leave(roomId: RoomId, atMs: number | undefined): void;
  /** It is not going to be left. */
  stay(roomId: RoomId): void;
  /** All was looked at; these could not be judged. */
  lookedAtAll(atMs: number, notChecked: readonly Pick<Finding, "severity">[]): void;
  /** The last such look. */
  last(): { atMs: number; notChecked: Partial<Record<Severity, number>> } | undefined;
}

const NOTICE = "patrol notice";
const LAST = "patrol";

const placeOf = (fingerprint: string): string => `finding ${fingerprint}`;

export function createPatrolStore(db: Database, sealer: Sealer, meta: Meta): PatrolStore {
  const read = (row: Row): OpenFinding => {
    const sealed = row.sealed_finding as Uint8Array;
    return JSON.parse(sealer.open(sealed, placeOf(row.fingerprint as string))) as OpenFinding;
  };
  const all = (where: string): OpenFinding[] =>
    db.all(`SELECT * FROM patrol_finding WHERE ${where} ORDER BY urgency DESC, fingerprint`).map(read);
  const rooms = (sql: string): string[] => db.all(sql).map((row) => row.room_id as string);
  const left =
    "SELECT room_id FROM patrol_leave JOIN room USING (room_id) WHERE left_ms IS NOT NULL AND membership <> 'join'";
  const readLeave = (row: Row): Leave => ({
    roomId: row.room_id as string,
    begunMs: Number(row.begun_ms),
    announcedMs: row.announced_ms === null ? undefined : Number(row.announced_ms),
  });
  const stopped = "SELECT room_id FROM stopped_room WHERE because = 'policy'";
  return {
    open: () => all("is_open = 1"),
    counts: () =>
      db
        .all("SELECT severity, result, COUNT(*) AS count FROM patrol_finding WHERE is_open = 1 GROUP BY 1, 2")
        .map((row) => ({ ...row, count: Number(row.count) }) as ReturnType<PatrolStore["counts"]>[number]),
    update: (found, gone) =>
      db.transaction(() => {
        for (const finding of found) {
          const { fingerprint, severity, result } = finding;
          db.run(
            `INSERT INTO patrol_finding VALUES (?1, ?2, ?3, ?4, 1, 0, ?5) ON CONFLICT DO UPDATE SET
               severity = ?2, result = ?3, urgency = ?4, is_open = 1, sealed_finding = ?5`,
            fingerprint,
            severity,
            result,
            urgencyOf(finding),
            sealer.seal(JSON.stringify(finding), placeOf(fingerprint)),
          );
        }
        for (const fingerprint of gone)
          db.run("UPDATE patrol_finding SET is_open = 0 WHERE fingerprint = ?", fingerprint);
        // what came and went in between is no news
        db.run("DELETE FROM patrol_finding WHERE is_open = 0 AND told = 0");
      }),
    news: () => ({
      found: all("is_open = 1 AND urgency > told"),
      gone: all("is_open = 0"),
      stopped: rooms(`${stopped} EXCEPT SELECT room_id FROM patrol_stop`),
      freed: rooms(`SELECT room_id FROM patrol_stop EXCEPT ${stopped}`),
      left: rooms(left),
    }),
    told: (jobId) =>
      db.transaction(() => {
        db.run("DELETE FROM patrol_finding WHERE is_open = 0");
        db.run("UPDATE patrol_finding SET told = MAX(told, urgency)");
        db.run("DELETE FROM patrol_stop");
        db.run(`INSERT INTO patrol_stop ${stopped}`);
        db.run(`DELETE FROM patrol_leave WHERE room_id IN (${left})`);
        meta.write(NOTICE, String(jobId));
      }),
    saidBy: (jobId) => meta.write(NOTICE, String(jobId)),
    notice() {
      const jobId = meta.read(NOTICE);
      return jobId === undefined ? undefined : Number(jobId);
    },
    beginToLeave(roomId, atMs) {
      // we were gone, and are back
      db.run("DELETE FROM patrol_leave WHERE room_id = ? AND left_ms IS NOT NULL", roomId);
      db.run("INSERT OR IGNORE INTO patrol_leave VALUES (?, ?, NULL, NULL)", roomId, atMs);
      return readLeave(db.get("SELECT * FROM patrol_leave WHERE room_id = ?", roomId)!);
    },
    announced: (roomId, atMs) =>
      void db.run("UPDATE patrol_leave SET announced_ms = ? WHERE room_id = ?", atMs, roomId),
    leaving: () =>
      db
        .all(`SELECT * FROM patrol_leave WHERE left_ms IS NULL AND room_id IN (${stopped}) ORDER BY room_id`)
        .map(readLeave),
    leave: (roomId, atMs) =>
      void db.run("UPDATE patrol_leave SET left_ms = ? WHERE room_id = ?", atMs ?? null, roomId),
    stay: (roomId) => void db.run("DELETE FROM patrol_leave WHERE room_id = ? AND left_ms IS NULL", roomId),
    lookedAtAll(atMs, findings) {
      const notChecked: Partial<Record<Severity, number>> = {};
      for (const { severity } of findings) notChecked[severity] = (notChecked[severity] ?? 0) + 1;
      meta.write(LAST, JSON.stringify({ atMs, notChecked }));
    },
    last() {
      const last = meta.read(LAST);
      return last === undefined ? undefined : JSON.parse(last);
    },
  };
}
