import { SottoError, toSottoError } from "../errors.ts";
import type { Job } from "../model/job.ts";
import type { Awaitable, OutboxStore } from "../model/outbox-store.ts";
import type { Senders } from "./senders.ts";

/** Reads jobs. One row that is damaged keeps nobody else; a new process looks at it again. */
export class Reading {
  readonly #jobs: OutboxStore;
  readonly #senders: Senders;
  readonly #onUnsent: (error: SottoError) => void;
  readonly #unreadable = new Set<number>();

  constructor(jobs: OutboxStore, senders: Senders, onUnsent: (error: SottoError) => void) {
    this.#jobs = jobs;
    this.#senders = senders;
    this.#onUnsent = onUnsent;
  }

  /** What could not be read. */
  get unreadable(): readonly number[] {
    return [...this.#unreadable];
  }

  /** @throws SottoError `JOB_UNKNOWN` */
  async job(jobId: number): Promise<Job> {
    const job = await this.#jobs.get(jobId);
    if (!job) throw new SottoError("JOB_UNKNOWN", `there is no message ${jobId} in the queue`);
    return job;
  }

  /** Undefined where it is damaged. */
  readable(jobId: number): Promise<Job | undefined> {
    return this.of(jobId, () => this.job(jobId));
  }

  /** What is read for the sake of a job. */
  async of(jobId: number, read: () => Awaitable<Job | undefined>): Promise<Job | undefined> {
    try {
      return await read();
    } catch (thrown) {
      const error = toSottoError(thrown);
      this.#unreadable.add(jobId);
      this.#senders.take(jobId)?.reject(error);
      this.#onUnsent(error);
      return undefined;
    }
  }
}
