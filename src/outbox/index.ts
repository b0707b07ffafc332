import { randomUUID } from "node:crypto";
import { type ErrorCode, SottoError, toSottoError } from "../errors.ts";
import type { UnplacedVoiceMessage, VoiceMessageContent } from "../model/event.ts";
import type { RoomId } from "../model/ids.ts";
import type { Job, SentJob } from "../model/job.ts";
import { megolmMessageIndex } from "../model/megolm-message.ts";
import type { Clock, ContentRepository, RoomEncryptor, SendGate } from "../model/ports.ts";
import { Serial } from "../serial.ts";
import type { Store } from "../store/index.ts";
import { Rests } from "./rests.ts";
import { Spooled } from "./spooled.ts";

export interface OutboxOptions {
  store: Pick<Store, "jobs" | "spool" | "soon" | "transaction">;
  contentRepository: ContentRepository;
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
 * Brings accepted messages into their rooms: `encoded ▸ uploaded ▸ encrypted ▸ sent`, each state durable before the
 * next begins. One room's messages go in order, rooms side by side.
 */
export class Outbox {
  readonly #options: Required<OutboxOptions>;
  readonly #rooms = new Serial();
  readonly #underWay = new Set<number>();
  readonly #rests: Rests;
  #resuming: Promise<unknown> = Promise.resolve();

  constructor(options: OutboxOptions) {
    this.#options = { clock: Date.now, ...options };
    this.#rests = new Rests(this.#options.clock);
  }

  /**
   * Takes an attachment's ciphertext as it comes, and keeps no more than a piece of it in memory. The transaction ID of
   * its message is born here.
   *
   * @throws SottoError `AUDIO_TOO_LARGE` as soon as there is more than the homeserver takes; what the source throws
   */
  spool(ciphertext: AsyncIterable<Uint8Array>): Promise<Spooled> {
    const { store, contentRepository } = this.#options;
    return Spooled.of(ciphertext, store.spool, contentRepository.maxUploadBytes());
  }

  /** Durable when it returns, with the attachment; without one in the spool, the content says where it lies. */
  accept(roomId: RoomId, content: object, spooled?: Spooled): Job {
    const { store, clock } = this.#options;
    const job = store.jobs.insert({
      txnId: spooled?.txnId ?? randomUUID(),
      roomId,
      state: spooled ? "encoded" : "uploaded",
      contentJson: JSON.stringify(content),
      createdMs: clock(),
    });
    spooled?.keep();
    return job;
  }

  /**
   * Sends a job after those before it in its room, also those that an earlier process left; what waits for other rooms
   * goes on beside it, and nobody waits for that but `settled`. Throws the reason it could not: the job is given up
   * then, because its sender was told; except for `SEND_UNCERTAIN`, when it may have arrived and is kept to be repeated
   * for as long as that is safe.
   */
  send(job: Job, isHeard: () => boolean = () => true): Promise<SentJob> {
    void this.resumeDue([job.roomId], job.jobId);
    return this.#deliver(
      job,
      (error, tried) => isRefusal(error) || (isHeard() && error.code !== "SEND_UNCERTAIN" && !tried),
    );
  }

  /**
   * Goes on with messages that nobody is sending: those of an earlier process, and those of which it was not known
   * whether they arrived. Only a refusal gives a job up, or that it is too old to be repeated: nobody waits for the
   * answer. Never rejects.
   */
  resume(): Promise<void> {
    this.#rests.wake();
    return this.resumeDue();
  }

  /**
   * The same, but leaves a room alone in which that failed a moment ago: for one second, then for twice as long, at most
   * a quarter of an hour, or for as long as the homeserver asked.
   *
   * @param changed rooms that need not rest any more: something in them has changed
   * @param before only jobs that were accepted before this one
   */
  resumeDue(changed: Iterable<RoomId> = [], before = Number.POSITIVE_INFINITY): Promise<void> {
    this.#rests.wake(changed);
    const resumed = this.#resume(before).catch((thrown) => this.#options.onUnsent(toSottoError(thrown)));
    this.#resuming = Promise.all([this.#resuming, resumed]);
    return resumed;
  }

  /** When to call `resumeDue` again, in milliseconds from now; undefined where no room rests. */
  nextDueMs(): number | undefined {
    return this.#rests.nextMs();
  }

  /**
   * Takes a message out that waits or was given up; it is gone when this resolves, with its content. Gives it as it
   * was.
   *
   * @throws SottoError `JOB_UNKNOWN`; `SEND_UNCERTAIN` for one that may have reached its room, `USAGE` for one that has
   */
  async drop(jobId: number): Promise<Job> {
    const { roomId } = this.#job(jobId);
    // in its room's queue: no try is under way then
    return this.#rooms.run(roomId, async () => {
      const job = this.#job(jobId);
      if (job.state === "sent") {
        throw new SottoError("USAGE", `message ${jobId} was sent: it is not in the queue`, {
          cure: "remove it in the room, with any client",
        });
      }
      if (job.state === "encrypted")
        throw new SottoError("SEND_UNCERTAIN", `message ${jobId} may have reached its room already`);
      const { store } = this.#options;
      store.transaction(() => {
        store.spool.drop(job.txnId);
        store.jobs.remove(jobId);
      });
      return job;
    });
  }

  /** Resolves when nothing is being resumed any more. */
  async settled(): Promise<void> {
    await this.#resuming;
  }

  /** They are in their rooms' queues when it returns, so that in each room the older message comes first. */
  async #resume(before: number): Promise<void> {
    const open = this.#options.store.jobs.waiting();
    this.#rests.keepOnly(new Set(open.map(({ roomId }) => roomId)));
    const waiting = open
      .filter(({ jobId }) => jobId < before && !this.#underWay.has(jobId))
      .filter(({ roomId }) => !this.#rests.reason(roomId));
    const results = await Promise.allSettled(
      waiting.map((job) => this.#deliver(job, isRefusal, () => this.#rests.reason(job.roomId))),
    );
    for (const result of results) if (result.status === "rejected") this.#options.onUnsent(result.reason);
  }

  /** @param waits why nothing new is encrypted by now: what stopped the message before it would stop this one too */
  #deliver(
    { jobId, roomId }: Pick<Job, "jobId" | "roomId">,
    givesUp: (error: SottoError, triedBefore: boolean) => boolean,
    waits: () => SottoError | undefined = () => undefined,
  ): Promise<SentJob> {
    const { store, clock } = this.#options;
    this.#underWay.add(jobId);
    const delivered = this.#rooms.run(roomId, async () => {
      const job = this.#job(jobId);
      const reason = job.state === "encoded" || job.state === "uploaded" ? waits() : undefined;
      if (reason) throw reason;
      const triedBefore = job.firstPutMs !== undefined;
      try {
        const sent = await this.#put(await this.#frozen(await this.#uploaded(job)));
        this.#rests.over(roomId);
        return sent;
      } catch (thrown) {
        const error = toSottoError(thrown);
        if (givesUp(error, triedBefore)) {
          store.transaction(() => {
            store.jobs.failed(jobId, error.code, error.message, clock());
            store.spool.drop(job.txnId);
          });
        } else this.#rests.failed(roomId, error);
        throw error;
      }
    });
    return delivered.finally(() => this.#underWay.delete(jobId));
  }

  /** The job with its content as it will be encrypted. */
  async #uploaded(job: Job): Promise<Job> {
    const { store, contentRepository } = this.#options;
    if (job.state !== "encoded") return job;
    const { jobs, spool } = store;
    const mxcUri = await contentRepository.upload(() => spool.pieces(job.txnId), spool.size(job.txnId));
    const content = JSON.parse(job.contentJson!) as UnplacedVoiceMessage;
    const placed: VoiceMessageContent = { ...content, file: { ...content.file, url: mxcUri } };
    return store.soon(() => {
      spool.drop(job.txnId);
      return jobs.uploaded(job, mxcUri, JSON.stringify(placed));
    });
  }

  /** The job with its event as every request will carry it. */
  async #frozen(job: Job): Promise<Job> {
    const { store, encryptor, clock } = this.#options;
    if (job.state !== "uploaded") return job;
    const event = await encryptor.encrypt(job.roomId, "m.room.message", JSON.parse(job.contentJson!));
    return store.jobs.freeze(job, {
      eventJson: JSON.stringify(event),
      sessionId: event.session_id,
      messageIndex: megolmMessageIndex(event.ciphertext),
      firstPutMs: clock(),
    });
  }

  async #put(job: Job): Promise<SentJob> {
    const { store, gate, clock } = this.#options;
    const { jobs } = store;
    const { jobId } = job;
    if (isSent(job)) return job;
    if (job.state === "failed") throw whyFailed(job);
    if (job.firstPutMs !== undefined && clock() - job.firstPutMs > REPEATABLE_MS) {
      // given up, or each later start would warn of it again
      jobs.failed(jobId, "SEND_UNCERTAIN", TOO_OLD, clock());
      throw whyFailed(this.#job(jobId));
    }
    const eventId = await gate.putEncrypted(job.roomId, job.txnId, job.eventJson!);
    try {
      jobs.sent(jobId, eventId, clock());
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
    const job = this.#options.store.jobs.get(jobId);
    if (!job) throw new SottoError("JOB_UNKNOWN", `there is no message ${jobId} in the queue`);
    return job;
  }
}
