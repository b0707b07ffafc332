import type { EventId, MxcUri, RoomId } from "../model/ids.ts";
import type { FrozenEvent, Job, JobState } from "../model/job.ts";
import { type FurtherPart, type NewJob, type OutboxStore, PRIORITIES } from "../model/outbox-store.ts";
import type { Database, Row } from "./database.ts";
import { type JobQuestions, jobQuestions, OPEN } from "./job-questions.ts";
import type { Sealer } from "./seal.ts";

/** The outbox's rows in SQLite, which answers at once. */
export interface JobStore extends OutboxStore, JobQuestions {
  insert(jobs: readonly NewJob[], origin?: string, digest?: string): Job[];
  jobsOf(origin: string): number[] | undefined;
  digestOf(origin: string): string | undefined;
  get(jobId: number): Job | undefined;
  withTxnId(txnId: string): Job | undefined;
  roomsWaiting(): RoomId[];
  next(roomId: RoomId, except?: readonly number[]): number | undefined;
  encoded(job: Job, contentJson: string, further?: readonly FurtherPart[]): Job;
  uploaded(job: Job, mxcUri: MxcUri, contentJson: string): Job;
  freeze(job: Job, frozen: FrozenEvent): Job;
  sent(jobId: number, eventId: EventId, atMs?: number): void;
  failed(job: Job, error: { code: string; message: string }, atMs?: number): void;
  retry(job: Job): Job | undefined;
  remove(job: Job): void;
  move(from: RoomId, to: RoomId): number;
  needsRecording(recordingId: string): boolean;
  /** The job whose event got this ID. */
  ofEvent(eventId: EventId): Job | undefined;
  /** Undefined for what is not to be sent again any more. */
  setOnMissed(jobId: number, onMissed: string | undefined): void;
}

/** What one recording became goes before anything of whatever priority. */
const BEFORE_ALL = -1;

export function createJobStore(db: Database, sealer: Sealer): JobStore {
  const place = (txnId: string): string => `job ${txnId}`;
  const sealed = ({ txnId }: { txnId: string }, contentJson: string) =>
    sealer.seal(contentJson, place(txnId));
  const read = (row: Row): Job => {
    const text = (column: string): string | undefined => (row[column] as string | null) ?? undefined;
    const number = (column: string): number | undefined => (row[column] as number | null) ?? undefined;
    return {
      jobId: row.job_id as number,
      txnId: row.txn_id as string,
      roomId: row.room_id as string,
      state: row.state as JobState,
      contentJson: row.sealed_content
        ? sealer.open(row.sealed_content as Uint8Array, place(row.txn_id as string))
        : undefined,
      mxcUri: text("mxc_uri") as MxcUri | undefined,
      eventJson: text("event"),
      sessionId: text("session_id"),
      messageIndex: number("message_index"),
      firstPutMs: number("first_put_ms"),
      eventId: text("event_id"),
      errorCode: text("error_code"),
      errorMessage: text("error_message"),
      createdMs: row.created_ms as number,
      source: text("source"),
      recordingId: text("recording_id"),
      announces: text("announces"),
      onMissed: text("on_missed"),
    };
  };
  const one = (where: string, value: string | number): Job | undefined => {
    const row = db.get(`SELECT * FROM job WHERE ${where} = ?`, value);
    return row && read(row);
  };
  const dropSpool = (txnId: string) => db.run("DELETE FROM spool WHERE txn_id = ?", txnId);

  const jobs: JobStore = {
    get: (jobId) => one("job_id", jobId),
    withTxnId: (txnId) => one("txn_id", txnId),
    ofEvent: (eventId) => one("event_id", eventId),

    insert: (news, origin, digest) =>
      db.transaction(() => {
        const inserted = news.map((job) =>
          db.run(
            `INSERT INTO job (txn_id, room_id, state, sealed_content, created_ms, source, recording_id, announces, priority,
               on_missed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
            job.txnId,
            job.roomId,
            job.state,
            sealed(job, job.contentJson),
            job.createdMs,
            job.source ?? null,
            job.recordingId ?? null,
            job.announces ?? null,
            PRIORITIES[job.priority ?? "normal"],
            job.onMissed ?? null,
          ),
        );
        if (origin !== undefined) {
          const made = inserted.filter((_jobId, index) => news[index]?.announces === undefined);
          // one that was taken before is refused by its key, and everything with it
          db.run("INSERT INTO taken VALUES (?, ?, ?)", origin, JSON.stringify(made), digest ?? null);
        }
        return inserted.map((jobId) => one("job_id", jobId)!);
      }),

    jobsOf(origin) {
      const row = db.get("SELECT jobs FROM taken WHERE origin = ?", origin);
      return row && (JSON.parse(row.jobs as string) as number[]);
    },

    digestOf: (origin) =>
      (db.get("SELECT digest FROM taken WHERE origin = ?", origin)?.digest as string | null) ?? undefined,

    roomsWaiting: () =>
      // from one room to the next in the index, whatever waits in each
      db
        .all(
          `WITH RECURSIVE waiting (room) AS (
             SELECT MIN(room_id) FROM job WHERE ${OPEN}
             UNION ALL
             SELECT (SELECT MIN(room_id) FROM job WHERE ${OPEN} AND room_id > room) FROM waiting
               WHERE room IS NOT NULL)
           SELECT room FROM waiting WHERE room IS NOT NULL`,
        )
        .map(({ room }) => room as string),

    next: (roomId, except = []) =>
      db.get(
        `SELECT job_id FROM job WHERE room_id = ? AND ${OPEN}
           AND job_id NOT IN (SELECT value FROM json_each(?))
           ORDER BY state <> 'encrypted', priority, job_id LIMIT 1`,
        roomId,
        JSON.stringify(except),
      )?.job_id as number | undefined,

    encoded(job, contentJson, further = []) {
      db.transaction(() => {
        db.run(
          "UPDATE job SET state = 'encoded', sealed_content = ?, recording_id = NULL WHERE job_id = ?",
          sealed(job, contentJson),
          job.jobId,
        );
        if (further.length === 0) return;
        // nothing else comes between them, nor between the first one and what announces it
        const { jobId, txnId } = job;
        db.run("UPDATE job SET priority = ? WHERE job_id = ? OR announces = ?", BEFORE_ALL, jobId, txnId);
        for (const part of further) {
          db.run(
            `INSERT INTO job (txn_id, room_id, state, sealed_content, created_ms, source, priority, on_missed)
               SELECT ?, room_id, 'encoded', ?, created_ms, source, priority, on_missed FROM job WHERE job_id = ?`,
            part.txnId,
            sealed(part, part.contentJson),
            jobId,
          );
        }
      });
      return { ...job, state: "encoded", contentJson, recordingId: undefined };
    },

    uploaded(job, mxcUri, contentJson) {
      // a power cut that takes this back uploads again: one ciphertext on the homeserver that nothing refers to
      db.soon(() => {
        dropSpool(job.txnId);
        db.run(
          "UPDATE job SET state = 'uploaded', mxc_uri = ?, sealed_content = ? WHERE job_id = ?",
          mxcUri,
          sealed(job, contentJson),
          job.jobId,
        );
      });
      return { ...job, state: "uploaded", mxcUri, contentJson };
    },

    freeze(job, frozen) {
      db.run(
        `UPDATE job SET state = 'encrypted', event = ?, session_id = ?, message_index = ?, first_put_ms = ?
           WHERE job_id = ?`,
        frozen.eventJson,
        frozen.sessionId,
        frozen.messageIndex,
        frozen.firstPutMs,
        job.jobId,
      );
      return { ...job, state: "encrypted", ...frozen };
    },

    sent(jobId, eventId, atMs = Date.now()) {
      // a power cut that takes this back makes the same request again, which the homeserver knows
      db.soon(() =>
        db.run(
          `UPDATE job SET state = 'sent', event_id = ?, sealed_content = NULL, event = NULL, ended_ms = ?
             WHERE job_id = ?`,
          eventId,
          atMs,
          jobId,
        ),
      );
    },

    failed: (job, { code, message }, atMs = Date.now()) =>
      db.transaction(() => {
        const isKept = job.source !== undefined;
        if (!isKept) dropSpool(job.txnId);
        db.run(
          `UPDATE job SET state = 'failed', failed_in = ?, error_code = ?, error_message = ?, ended_ms = ?
             WHERE job_id = ?`,
          isKept || job.state !== "encoded" ? job.state : null,
          code,
          message,
          atMs,
          job.jobId,
        );
      }),

    retry(job) {
      db.run(
        `UPDATE job SET state = failed_in, failed_in = NULL, error_code = NULL, error_message = NULL, ended_ms = NULL
           WHERE (job_id = ?1 OR announces = ?2 OR txn_id = ?3) AND state = 'failed' AND failed_in IS NOT NULL`,
        job.jobId,
        job.txnId,
        job.announces ?? null,
      );
      const again = one("job_id", job.jobId);
      return again?.state === "failed" ? undefined : again;
    },

    remove: (job) =>
      db.transaction(() => {
        dropSpool(job.txnId);
        db.run(
          "DELETE FROM job WHERE job_id = ? OR (announces = ? AND state = 'failed')",
          job.jobId,
          job.txnId,
        );
      }),

    move: (from, to) =>
      db.transaction(() => {
        const moving = `room_id = ? AND source IS NOT NULL AND state IN ('accepted', 'encoded', 'uploaded')`;
        const { moved } = db.get(`SELECT COUNT(*) AS moved FROM job WHERE ${moving}`, from)!;
        db.run(`UPDATE job SET room_id = ? WHERE ${moving}`, to, from);
        return moved as number;
      }),

    needsRecording: (recordingId) =>
      db.get("SELECT 1 FROM job WHERE recording_id = ? LIMIT 1", recordingId) !== undefined,

    setOnMissed: (jobId, onMissed) =>
      void db.run("UPDATE job SET on_missed = ? WHERE job_id = ?", onMissed ?? null, jobId),

    ...jobQuestions(db, read),
  };
  return jobs;
}
