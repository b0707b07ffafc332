import type { SottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
import type { SentJob } from "../model/job.ts";

/** Whoever waits for a message. */
export interface Sender {
  jobId: number;
  roomId: RoomId;
  sent: Promise<SentJob>;
  resolve(job: SentJob): void;
  reject(error: SottoError): void;
  /** Whether an answer still reaches them. */
  isHeard(): boolean;
}

/** Those who wait for messages; each is told once. */
export class Senders {
  readonly #senders = new Map<number, Sender>();

  /** Whoever waits for the same message shares the answer. */
  waitFor(jobId: number, roomId: RoomId, isHeard: () => boolean): Promise<SentJob> {
    const waiting = this.#senders.get(jobId);
    if (waiting) return waiting.sent;
    const { promise: sent, resolve, reject } = Promise.withResolvers<SentJob>();
    this.#senders.set(jobId, { jobId, roomId, sent, resolve, reject, isHeard });
    return sent;
  }

  /** Whoever takes it tells it. */
  take(jobId: number): Sender | undefined {
    const sender = this.#senders.get(jobId);
    this.#senders.delete(jobId);
    return sender;
  }

  isIn(roomId: RoomId): boolean {
    return this.in(roomId).length > 0;
  }

  in(roomId: RoomId): Sender[] {
    return [...this.#senders.values()].filter((sender) => sender.roomId === roomId);
  }
}
