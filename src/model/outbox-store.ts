import type { Readable } from "node:stream";
import type { EventId, MxcUri, RoomId } from "./ids.ts";
import type { FrozenEvent, Job } from "./job.ts";

/**
 * What the outbox needs of whatever keeps its messages. SQLite answers at once; another engine may take its time. Each
 * call is all or nothing, and durable when it has answered. What an implementation must hold to, test/contract tells.
 */

/** An answer now, or later. */
export type Awaitable<T> = T | Promise<T>;

export interface NewJob {
  txnId: string;
  roomId: RoomId;
  /** `accepted` with a recording; `encoded` where the attachment lies in the spool under this transaction ID. */
  state: "accepted" | "encoded" | "uploaded";
  /** Of an accepted one, how its recording becomes a message; of any other, the clear event content. Sealed at rest. */
  contentJson: string;
  /** The connector or room that brought it; none where its sender waits for it. */
  source?: string;
  /** What of {@link RecordingStore} it is made of. */
  recordingId?: string;
  /** The transaction ID of the voice message that it announces. */
  announces?: string;
  priority?: Priority;
  /** Where somebody misses it, it is to be sent again: {@link Job.onMissed}. */
  onMissed?: "resend";
  /** Milliseconds since the epoch. */
  createdMs: number;
}

/** The message of a further part of a recording. */
export type FurtherPart = Pick<NewJob, "txnId" | "contentJson">;

/** Lower ones come first in their room. */
export const PRIORITIES = { high: 0, normal: 1, low: 2 } as const;
export type Priority = keyof typeof PRIORITIES;

/** The outbox's messages. Their attachments in the spool come and go with them. */
export interface OutboxStore {
  /**
   * All of them, or none where the origin was taken before.
   * @param origin - what the recording is known by where it comes from
   * @param digest - of the recording, to tell another one of that name
   */
  insert(jobs: readonly NewJob[], origin?: string, digest?: string): Awaitable<Job[]>;
  /** What was made of an origin's recording, without what announces it; undefined where it was not taken. */
  jobsOf(origin: string): Awaitable<number[] | undefined>;
  /** Undefined also where none was given. */
  digestOf(origin: string): Awaitable<string | undefined>;
  get(jobId: number): Awaitable<Job | undefined>;
  withTxnId(txnId: string): Awaitable<Job | undefined>;
  /** Rooms with messages that are neither sent nor given up. */
  roomsWaiting(): Awaitable<RoomId[]>;
  /**
   * Whose turn it is in a room: one whose event is frozen, then by priority, then the oldest.
   * @param except - cannot be read
   */
  next(roomId: RoomId, except: readonly number[]): Awaitable<number | undefined>;
  /**
   * The attachment lies in the spool; the recording is not needed for this message any more.
   * @param further - what else became of it, likewise: these messages follow it at once
   */
  encoded(job: Job, contentJson: string, further?: readonly FurtherPart[]): Awaitable<Job>;
  /** The attachment is on the homeserver, and goes from the spool. */
  uploaded(job: Job, mxcUri: MxcUri, contentJson: string): Awaitable<Job>;
  /** From here on a request with this event may reach the server at any time. */
  freeze(job: Job, frozen: FrozenEvent): Awaitable<Job>;
  /** The clear content goes with it: it holds the attachment's key. */
  sent(jobId: number, eventId: EventId, atMs: number): Awaitable<void>;
  /** Given up. What a connector brought can still be tried again; of anything else the attachment goes. */
  failed(job: Job, error: { code: string; message: string }, atMs: number): Awaitable<void>;
  /**
   * Back to where it was given up, with what announces it and what it announces, if that was given up too; undefined
   * where what it needs is not there any more.
   */
  retry(job: Job): Awaitable<Job | undefined>;
  /** With what announces it, if that was given up. */
  remove(job: Job): Awaitable<void>;
  /**
   * What waits in a room goes to the one that replaces it, in its order: what a connector or a room brought, and no
   * request has carried yet. Gives how many.
   */
  move(from: RoomId, to: RoomId): Awaitable<number>;
  /** Whether a message, also one that was given up, is still to be made of this recording. */
  needsRecording(recordingId: string): Awaitable<boolean>;
}

/**
 * Attachments' ciphertext on its way to the homeserver, piece by piece, under the transaction ID of the message it is
 * for. What is appended is durable with the message.
 */
export interface SpoolStore {
  append(txnId: string, piece: Uint8Array): Awaitable<void>;
  /** Each piece is read when it is asked for. */
  pieces(txnId: string): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  /** Bytes. */
  size(txnId: string): Awaitable<number>;
  drop(txnId: string): Awaitable<void>;
}

/** Recordings as they were accepted, sealed. */
export interface RecordingStore {
  /**
   * Gives its ID once all of it is durable. Keeps no more than a piece of it in memory, and nothing of one that fails.
   *
   * @throws SottoError `AUDIO_EMPTY`, `AUDIO_TOO_LARGE`, `DISK_FULL`; what the source throws
   */
  write(recording: AsyncIterable<Uint8Array>): Promise<string>;
  /** Opened while it is read; fails with `STORE_DAMAGED` where it is not what was written. */
  read(recordingId: string): Readable;
  drop(recordingId: string): Promise<void>;
}
