import { randomUUID } from "node:crypto";
import { type ErrorCode, SottoError, toSottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
import type { Job, SentJob } from "../model/job.ts";
import { megolmMessageIndex } from "../model/megolm-message.ts";
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

/** Refused for now: something of the room could not be read, or a person must first look at a member. */
const PASSING = new Set<ErrorCode>([
  "ROOM_MEMBERS_UNKNOWN",
  "ROOM_ENCRYPTION_UNKNOWN",
  "IDENTITY_CHANGED",
  "MEMBER_NOT_ACCEPTED",
]);

/** The room or the policy says no, and would say so again. */
const isRefusal = ({ code, exitCode }: SottoError): boolean =>
  (exitCode === 1 || exitCode === 2) && !PASSING.has(code);

const isSent = (job: Job): job is SentJob =>
  job.state === "sent" && job.eventId !== undefined && job.sessionId !== undefined;

/**
 * Synapse forgets transaction IDs after 24 hours; a request of unknown outcome that is half that old is not repeated,
 * because the server might take it for a new one.
 */
const REPEATABLE_MS = 12 * 3_600_000;
const TOO_OLD = "it is not known whether the message arrived, and it is too old to repeat";

/** Why a job was given up. One that is uncertain is not completed by anything any more, unlike one that waits. */
function whyFailed({ errorCode, errorMessage }: Job): SottoError {
  const code = errorCode as ErrorCode;
  return new SottoError(
    code,
    errorMessage!,
    code === "SEND_UNCERTAIN"
      ? { cure: "look into the room; send the recording again if it is not there" }
      : {},
  );
}

/**
 * Brings accepted messages into their rooms: `accepted ▸ encrypted ▸ sent`, each state durable before the next begins.
 * One room's messages go in order, rooms side by side.
 */
export class Outbox {
  readonly #options: Required<OutboxOptions>;
  readonly #rooms = new Serial();
  readonly #underWay = new Set<number>();
  #resuming: Promise<unknown> = Promise.resolve();

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
   * Sends a job after those before it in its room, also those that an earlier process left; what waits for other rooms
   * goes on beside it, and nobody waits for that but `settled`. Throws the reason it could not: the job is given up
   * then, because its sender was told; except for `SEND_UNCERTAIN`, when it may have arrived and is kept to be repeated
   * for as long as that is safe.
   */
  send(job: Job): Promise<SentJob> {
    void this.resume(job.jobId);
    return this.#deliver(
      job,
      (error, tried) => isRefusal(error) || (error.code !== "SEND_UNCERTAIN" && !tried),
    );
  }

  /**
   * Goes on with messages that nobody is sending: those of an earlier process, and those of which it was not known
   * whether they arrived. Only a refusal gives a job up, or that it is too old to be repeated: nobody waits for the
   * answer. Never rejects.
   *
   * @param before only jobs that were accepted before this one
   */
  resume(before = Number.POSITIVE_INFINITY): Promise<void> {
    const resumed = this.#resume(before).catch((thrown) => this.#options.onUnsent(toSottoError(thrown)));
    this.#resuming = Promise.all([this.#resuming, resumed]);
    return resumed;
  }

  /** Resolves when nothing is being resumed any more. */
  async settled(): Promise<void> {
    await this.#resuming;
  }

  /** They are in their rooms' queues when it returns, so that in each room the older message comes first. */
  async #resume(before: number): Promise<void> {
    const waiting = this.#options.jobs
      .waiting()
      .filter(({ jobId }) => jobId < before && !this.#underWay.has(jobId));
    const results = await Promise.allSettled(waiting.map((job) => this.#deliver(job, isRefusal)));
    for (const result of results) if (result.status === "rejected") this.#options.onUnsent(result.reason);
  }

  #deliver(
    { jobId, roomId }: Pick<Job, "jobId" | "roomId">,
    givesUp: (error: SottoError, triedBefore: boolean) => boolean,
  ): Promise<SentJob> {
    this.#underWay.add(jobId);
    return this.#rooms.run(roomId, async () => {
      let triedBefore = false;
      try {
        const job = this.#job(jobId);
        triedBefore = job.firstPutMs !== undefined;
        return await this.#put(await this.#frozen(job));
      } catch (thrown) {
        const error = toSottoError(thrown);
        if (givesUp(error, triedBefore)) this.#options.jobs.failed(jobId, error.code, error.message);
        throw error;
      } finally {
        this.#underWay.delete(jobId);
      }
    });
  }

  /** The job with its event as every request will carry it. */
  async #frozen(job: Job): Promise<Job> {
    const { jobs, encryptor, clock } = this.#options;
    if (job.state !== "accepted") return job;
    const event = await encryptor.encrypt(job.roomId, "m.room.message", JSON.parse(job.contentJson!));
    return jobs.freeze(job, {
      eventJson: JSON.stringify(event),
      sessionId: event.session_id,
      messageIndex: megolmMessageIndex(event.ciphertext),
      firstPutMs: clock(),
    });
  }

  async #put(job: Job): Promise<SentJob> {
    const { jobs, gate, clock } = this.#options;
    const { jobId } = job;
    if (isSent(job)) return job;
    if (job.state === "failed") throw whyFailed(job);
    if (job.firstPutMs !== undefined && clock() - job.firstPutMs > REPEATABLE_MS) {
      // given up, or each later start would warn of it again
      jobs.failed(jobId, "SEND_UNCERTAIN", TOO_OLD);
      throw whyFailed(this.#job(jobId));
    }
    const eventId = await gate.putEncrypted(job.roomId, job.txnId, job.eventJson!);
    try {
      jobs.sent(jobId, eventId);
    } catch (cause) {
      throw new SottoError("SEND_UNCERTAIN", "the message arrived, but the store could not note it", {
        cause,
      });
    }
    const sent = this.#job(jobId);
    if (!isSent(sent)) throw new Error(`job ${jobId} is not noted as sent`);
    return sent;
  }

  #job(jobId: number): Job {
    const job = this.#options.jobs.get(jobId);
    if (!job) throw new Error(`no job ${jobId}`);
    return job;
  }
}
