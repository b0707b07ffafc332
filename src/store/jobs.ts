import type { EventId, MxcUri, RoomId } from "../model/ids.ts";
import type { FrozenEvent, Job, JobState } from "../model/job.ts";
import type { Database, Row } from "./database.ts";
import type { Sealer } from "./seal.ts";

export interface NewJob {
  txnId: string;
  roomId: RoomId;
  /** `encoded` where the attachment lies in the spool under this transaction ID. */
  state: "encoded" | "uploaded";
  contentJson: string;
  createdMs: number;
}

/** The outbox's rows. Each call is durable when it returns. */
export interface JobStore {
  insert(job: NewJob): Job;
  get(jobId: number): Job | undefined;
  /** Jobs that are neither sent nor given up, oldest first. */
  open(): Job[];
  /** The same, without what is sealed: to ask for each message. */
  waiting(): Pick<Job, "jobId" | "roomId">[];
  list(limit: number): Job[];
  /** Those that wait and those that were given up, oldest first. */
  unsent(): Job[];
  /** The job whose event got this ID. */
  ofEvent(eventId: EventId): Job | undefined;
  /** From here on the spool's pieces are of no use. */
  uploaded(job: Job, mxcUri: MxcUri, contentJson: string): Job;
  /** From here on a request with this event may reach the server at any time. */
  freeze(job: Job, frozen: FrozenEvent): Job;
  /** The clear content goes with it: it holds the attachment's key. */
  sent(jobId: number, eventId: string, atMs?: number): void;
  failed(jobId: number, code: string, message: string, atMs?: number): void;
  remove(jobId: number): void;
}

const NEW_JOB = {
  mxcUri: undefined,
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
    mxcUri: (row.mxc_uri as MxcUri | null) ?? undefined,
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
    insert({ txnId, roomId, state, contentJson, createdMs }) {
      const jobId = db.run(
        "INSERT INTO job (txn_id, room_id, state, sealed_content, created_ms) VALUES (?, ?, ?, ?, ?)",
        txnId,
        roomId,
        state,
        sealer.seal(contentJson, place(txnId)),
        createdMs,
      );
      return { ...NEW_JOB, jobId, txnId, roomId, state, contentJson, createdMs };
    },
    open: () =>
      db
        .all("SELECT * FROM job WHERE state IN ('encoded', 'uploaded', 'encrypted') ORDER BY job_id")
        .map(read),
    waiting: () =>
      db
        .all(
          "SELECT job_id, room_id FROM job WHERE state IN ('encoded', 'uploaded', 'encrypted') ORDER BY job_id",
        )
        .map((row) => ({ jobId: row.job_id as number, roomId: row.room_id as string })),
    list: (limit) => db.all("SELECT * FROM job ORDER BY job_id DESC LIMIT ?", limit).map(read),
    unsent: () => db.all("SELECT * FROM job WHERE state <> 'sent' ORDER BY job_id").map(read),
    ofEvent(eventId) {
      const row = db.get("SELECT * FROM job WHERE event_id = ?", eventId);
      return row && read(row);
    },
    uploaded(job, mxcUri, contentJson) {
      // a power cut that takes this back uploads again: one ciphertext on the homeserver that nothing refers to
      db.soon(() =>
        db.run(
          "UPDATE job SET state = 'uploaded', mxc_uri = ?, sealed_content = ? WHERE job_id = ?",
          mxcUri,
          sealer.seal(contentJson, place(job.txnId)),
          job.jobId,
        ),
      );
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
    failed(jobId, code, message, atMs = Date.now()) {
      db.run(
        "UPDATE job SET state = 'failed', error_code = ?, error_message = ?, ended_ms = ? WHERE job_id = ?",
        code,
        message,
        atMs,
        jobId,
      );
    },
    remove: (jobId) => void db.run("DELETE FROM job WHERE job_id = ?", jobId),
  };
}
