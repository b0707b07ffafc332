import type { EventId, RoomId } from "../model/ids.ts";
import type { FrozenEvent, Job, JobState } from "../model/job.ts";
import type { Database, Row } from "./database.ts";
import type { Sealer } from "./seal.ts";

/** The outbox's rows. Each call is durable when it returns. */
export interface JobStore {
  insert(job: { txnId: string; roomId: RoomId; contentJson: string; createdMs: number }): Job;
  get(jobId: number): Job | undefined;
  /** Jobs that are neither sent nor given up, oldest first. */
  open(): Job[];
  /** The same, without what is sealed: to ask for each message. */
  waiting(): Pick<Job, "jobId" | "roomId">[];
  list(limit: number): Job[];
  /** The job whose event got this ID. */
  ofEvent(eventId: EventId): Job | undefined;
  /** From here on a request with this event may reach the server at any time. */
  freeze(job: Job, frozen: FrozenEvent): Job;
  /** The clear content goes with it: it holds the attachment's key. */
  sent(jobId: number, eventId: string): void;
  failed(jobId: number, code: string, message: string): void;
}

const NEW_JOB = {
  state: "accepted",
  eventJson: undefined,
  sessionId: undefined,
  messageIndex: undefined,
  firstPutMs: undefined,
  eventId: undefined,
  errorCode: undefined,
  errorMessage: undefined,
} as const;

export function createJobStore(db: Database, sealer: Sealer): JobStore {
  const place = (txnId: string): string => `job ${txnId}`;
  const read = (row: Row): Job => ({
    jobId: row.job_id as number,
    txnId: row.txn_id as string,
    roomId: row.room_id as string,
    state: row.state as JobState,
    contentJson: row.sealed_content
      ? sealer.open(row.sealed_content as Uint8Array, place(row.txn_id as string))
      : undefined,
    eventJson: (row.event as string | null) ?? undefined,
    sessionId: (row.session_id as string | null) ?? undefined,
    messageIndex: (row.message_index as number | null) ?? undefined,
    firstPutMs: (row.first_put_ms as number | null) ?? undefined,
    eventId: (row.event_id as string | null) ?? undefined,
    errorCode: (row.error_code as string | null) ?? undefined,
    errorMessage: (row.error_message as string | null) ?? undefined,
    createdMs: row.created_ms as number,
  });
  const get = (jobId: number): Job | undefined => {
    const row = db.get("SELECT * FROM job WHERE job_id = ?", jobId);
    return row && read(row);
  };
  return {
    get,
    insert({ txnId, roomId, contentJson, createdMs }) {
      const jobId = db.run(
        "INSERT INTO job (txn_id, room_id, state, sealed_content, created_ms) VALUES (?, ?, 'accepted', ?, ?)",
        txnId,
        roomId,
        sealer.seal(contentJson, place(txnId)),
        createdMs,
      );
      return { ...NEW_JOB, jobId, txnId, roomId, contentJson, createdMs };
    },
    open: () =>
      db.all("SELECT * FROM job WHERE state IN ('accepted', 'encrypted') ORDER BY job_id").map(read),
    waiting: () =>
      db
        .all("SELECT job_id, room_id FROM job WHERE state IN ('accepted', 'encrypted') ORDER BY job_id")
        .map((row) => ({ jobId: row.job_id as number, roomId: row.room_id as string })),
    list: (limit) => db.all("SELECT * FROM job ORDER BY job_id DESC LIMIT ?", limit).map(read),
    ofEvent(eventId) {
      const row = db.get("SELECT * FROM job WHERE event_id = ?", eventId);
      return row && read(row);
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
    sent(jobId, eventId) {
      // a power cut that takes this back makes the same request again, which the homeserver knows
      db.soon(() =>
        db.run(
          "UPDATE job SET state = 'sent', event_id = ?, sealed_content = NULL, event = NULL WHERE job_id = ?",
          eventId,
          jobId,
        ),
      );
    },
    failed(jobId, code, message) {
      db.run(
        "UPDATE job SET state = 'failed', error_code = ?, error_message = ? WHERE job_id = ?",
        code,
        message,
        jobId,
      );
    },
  };
}
