import { randomUUID } from "node:crypto";
import { type ErrorCode, SottoError, toSottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
import type { Job } from "../model/job.ts";
import type { Clock, RoomEncryptor, SendGate } from "../model/ports.ts";
import { Serial } from "../serial.ts";
import type { JobStore } from "../store/index.ts";

export interface OutboxOptions {
  jobs: JobStore;
  encryptor: RoomEncryptor;
  gate: SendGate;
  /** Told why an earlier process's message still waits. */
  onUnsent(error: SottoError): void;
  clock?: Clock;
}

/** The room or the policy says no, and would say so again; unlike a room of which something could not be read. */
const isRefusal = ({ code, exitCode }: SottoError): boolean =>
  (exitCode === 1 || exitCode === 2) && code !== "ROOM_MEMBERS_UNKNOWN" && code !== "ROOM_ENCRYPTION_UNKNOWN";

/**
 * Synapse forgets transaction IDs after 24 hours; a request of unknown outcome that is half that old is not repeated,
 * because the server might take it for a new one.
 */
const REPEATABLE_MS = 12 * 3_600_000;

/**
 * Brings accepted messages into their rooms: `accepted ▸ encrypted ▸ sent`, each state durable before the next begins.
 * One room's messages go in order, rooms side by side.
 */
export class Outbox {
  readonly #options: Required<OutboxOptions>;
  readonly #rooms = new Serial();
  readonly #underWay = new Set<number>();

  constructor(options: OutboxOptions) {
    this.#options = { clock: Date.now, ...options };
  }

  /** Durable when it returns; the transaction ID is born here. */
  accept(roomId: RoomId, content: object): Job {
    return this.#options.jobs.insert({
      txnId: randomUUID(),
      roomId,
      contentJson: JSON.stringify(content),
      createdMs: this.#options.clock(),
    });
  }

  /**
   * Sends a job after those before it in its room. Throws the reason it could not: the job is given up then, because
   * its sender was told; except for `SEND_UNCERTAIN`, when it may have arrived and is kept to be repeated.
   */
  send(job: Job): Promise<Job> {
    return this.#deliver(
      job,
      (error, tried) => isRefusal(error) || (error.code !== "SEND_UNCERTAIN" && !tried),
    );
  }

  /**
   * Goes on with messages that nobody is sending: those of an earlier process, and those of which it was not known
   * whether they arrived. Call it before `send`, so that in each room the older message comes first. Only a refusal
   * gives a job up: nobody waits for the answer.
   */
  async resume(): Promise<void> {
    const waiting = this.#options.jobs.open().filter(({ jobId }) => !this.#underWay.has(jobId));
    const results = await Promise.allSettled(waiting.map((job) => this.#deliver(job, isRefusal)));
    for (const result of results) if (result.status === "rejected") this.#options.onUnsent(result.reason);
  }

  #deliver(
    { jobId, roomId }: Job,
    givesUp: (error: SottoError, triedBefore: boolean) => boolean,
  ): Promise<Job> {
    this.#underWay.add(jobId);
    return this.#rooms.run(roomId, async () => {
      const triedBefore = this.#job(jobId).firstPutMs !== undefined;
      try {
        await this.#encrypt(jobId);
        return await this.#put(jobId);
      } catch (thrown) {
        const error = toSottoError(thrown);
        if (givesUp(error, triedBefore)) this.#options.jobs.failed(jobId, error.code, error.message);
        throw error;
      } finally {
        this.#underWay.delete(jobId);
      }
    });
  }

  async #encrypt(jobId: number): Promise<void> {
    const { jobs, encryptor, clock } = this.#options;
    const job = this.#job(jobId);
    if (job.state !== "accepted") return;
    const event = await encryptor.encrypt(job.roomId, "m.room.message", JSON.parse(job.contentJson!));
    jobs.freeze(jobId, JSON.stringify(event), event.session_id, clock());
  }

  async #put(jobId: number): Promise<Job> {
    const { jobs, gate, clock } = this.#options;
    const job = this.#job(jobId);
    if (job.state === "sent") return job;
    if (job.state === "failed") throw new SottoError(job.errorCode as ErrorCode, job.errorMessage!);
    if (job.firstPutMs !== undefined && clock() - job.firstPutMs > REPEATABLE_MS) {
      throw new SottoError(
        "SEND_UNCERTAIN",
        "it is not known whether the message arrived, and it is too old to repeat",
        {
          cure: "look into the room; send the recording again if it is not there",
        },
      );
    }
    const eventId = await gate.putEncrypted(job.roomId, job.txnId, job.eventJson!);
    try {
      jobs.sent(jobId, eventId);
    } catch (cause) {
      throw new SottoError("SEND_UNCERTAIN", "the message arrived, but the store could not note it", {
        cause,
      });
    }
    return this.#job(jobId);
  }

  #job(jobId: number): Job {
    const job = this.#options.jobs.get(jobId);
    if (!job) throw new Error(`no job ${jobId}`);
    return job;
  }
}
