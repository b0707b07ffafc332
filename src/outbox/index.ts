import { randomUUID } from "node:crypto";
import { type ErrorCode, SottoError, toSottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
import type { Job, SentJob } from "../model/job.ts";
import type { NewJob } from "../model/outbox-store.ts";
import { Delivery, type DeliveryOptions } from "./delivery.ts";
import { forget, giveUp, giveUpNotice } from "./give-up.ts";
import { Reading } from "./reading.ts";
import { forThoseBehind, isRefusal, requireUnsent } from "./refusals.ts";
import { Rests } from "./rests.ts";
import { Senders } from "./senders.ts";
import { type Message, newJob, Spooled } from "./spooled.ts";
import { Turns } from "./turns.ts";

export interface OutboxOptions extends Omit<DeliveryOptions, "clock"> {
  /** Told why a message that nobody waits for is not sent yet, or never will be. */
  onUnsent(error: SottoError, job?: Job): void;
  /** Told of every message that was sent or given up. */
  onEnded?(job: Job, error?: SottoError): void;
  clock?: DeliveryOptions["clock"];
  /** From 0 to 1: where in a pause the next try lies. */
  random?: () => number;
}

/** Brings accepted messages into their rooms: in each room one after another, rooms side by side. */
export class Outbox {
  readonly #options: Required<OutboxOptions>;
  readonly #delivery: Delivery;
  readonly #turns: Turns;
  readonly #rests: Rests;
  readonly #senders = new Senders();
  readonly #reading: Reading;
  #resuming: Promise<unknown> = Promise.resolve();
  #isClosing = false;

  constructor(options: OutboxOptions) {
    this.#options = { clock: Date.now, random: Math.random, onEnded: () => undefined, ...options };
    this.#delivery = new Delivery(this.#options);
    this.#reading = new Reading(options.store.jobs, this.#senders, options.onUnsent);
    this.#rests = new Rests(this.#options.clock, this.#options.random);
    this.#turns = new Turns((roomId) => this.#sendNext(roomId));
  }

  /**
   * Takes an attachment's ciphertext as it comes, and keeps no more than a piece of it in memory. The transaction ID of
   * its message is born here.
   *
   * @throws SottoError `AUDIO_TOO_LARGE` as soon as there is more than the homeserver takes; what the source throws
   */
  spool(ciphertext: AsyncIterable<Uint8Array>): Promise<Spooled> {
    const { store, contentRepository } = this.#options;
    const limit = contentRepository.maxUploadBytes();
    return Spooled.of(ciphertext, { spool: store.spool, txnId: randomUUID(), limit });
  }

  /**
   * Durable when it resolves, with the attachment; without one in the spool, the content says where it lies. Whoever
   * gives it sends it.
   */
  async accept(roomId: RoomId, content: object, spooled?: Spooled): Promise<Job> {
    return (await this.acceptAll(roomId, [{ content, spooled }]))[0]!;
  }

  /** The same of messages that follow one another: all of them, or none. */
  async acceptAll(roomId: RoomId, messages: readonly Message[]): Promise<Job[]> {
    const createdMs = this.#options.clock();
    const jobs = messages.map((message) => newJob(roomId, message, createdMs));
    const accepted = await this.#options.store.jobs.insert(jobs);
    for (const { spooled } of messages) spooled?.keep();
    return accepted;
  }

  /** Takes what a connector brought, all of it or nothing; it is sent without anybody waiting for it. */
  async take(jobs: readonly Omit<NewJob, "createdMs">[], origin: string, digest?: string): Promise<Job[]> {
    const createdMs = this.#options.clock();
    const taken = await this.#options.store.jobs.insert(
      jobs.map((job) => ({ ...job, createdMs })),
      origin,
      digest,
    );
    for (const roomId of new Set(taken.map((job) => job.roomId))) void this.#run(roomId);
    return taken;
  }

  /**
   * Sends a job after those before it in its room, also those that an earlier process left; what waits for other rooms
   * goes on beside it, and nobody waits for that but `settled`. Throws the reason it could not: the job is given up
   * then, because its sender was told; except for `SEND_UNCERTAIN`, when it may have arrived and is kept to be repeated
   * for as long as that is safe.
   */
  async send({ jobId, roomId }: Job, isHeard: () => boolean = () => true): Promise<SentJob> {
    const { state, errorCode, errorMessage, ...job } = await this.#reading.job(jobId);
    if (state === "sent") return { ...job, state } as SentJob;
    if (state === "failed") throw new SottoError(errorCode as ErrorCode, errorMessage!);
    const sent = this.#senders.waitFor(jobId, roomId, isHeard);
    void this.resumeDue([roomId]);
    return sent;
  }

  /**
   * Goes on with messages that nobody is sending: those of an earlier process, and those of which it was not known
   * whether they arrived. Only a refusal gives a job up: nobody waits for the answer. Never rejects.
   */
  resume(): Promise<void> {
    this.#rests.wake();
    return this.resumeDue();
  }

  /**
   * The same, but leaves a room alone in which that failed a moment ago: for one second at most, then for twice as long,
   * at most a quarter of an hour, or for as long as the homeserver asked.
   * @param changed rooms that need not rest any more: something in them has changed
   */
  resumeDue(changed: Iterable<RoomId> = []): Promise<void> {
    const rooms = [...changed];
    this.#rests.wake(rooms);
    const woken = rooms.filter((roomId) => this.#senders.isIn(roomId)).map((roomId) => this.#run(roomId));
    const resumed = Promise.all([this.#runAll(), ...woken]).then(() => undefined);
    this.#resuming = Promise.all([this.#resuming, resumed]).then(() => undefined);
    return resumed;
  }

  /** It was away: at the next `resumeDue`, no room rests because of that. */
  homeserverIsBack(): void {
    this.#rests.reached({ isBack: true });
  }

  /** When to call `resumeDue` again, in milliseconds from now; undefined where no room rests. */
  nextDueMs(): number | undefined {
    return this.#rests.nextMs();
  }

  /**
   * Tries a message again that was given up, where it was.
   *
   * @throws SottoError `JOB_UNKNOWN`; `USAGE` where it was not given up, or where its recording is not there any more
   */
  async retry(jobId: number): Promise<Job> {
    const job = await this.#reading.job(jobId);
    if (job.state !== "failed") throw new SottoError("USAGE", `message ${jobId} was not given up`);
    const again = await this.#options.store.jobs.retry(job);
    if (!again) {
      throw new SottoError("USAGE", `the recording of message ${jobId} was not kept: its sender was told`, {
        cure: "send the recording again",
      });
    }
    void this.resumeDue([again.roomId]);
    return again;
  }

  /**
   * Takes a message out that waits or was given up; it is gone when this resolves, with its content. Gives it as it
   * was.
   *
   * @throws SottoError `JOB_UNKNOWN`; `SEND_UNCERTAIN` for one that may have reached its room, `USAGE` for one that has
   */
  async drop(jobId: number): Promise<Job> {
    const { roomId } = await this.#reading.job(jobId);
    // between two messages of its room: no try is under way then
    return this.#turns.between(roomId, async () => {
      const job = await this.#reading.job(jobId);
      requireUnsent(job);
      await forget(this.#options, job);
      this.#senders.take(jobId)?.reject(new SottoError("JOB_UNKNOWN", `message ${jobId} was dropped`));
      return job;
    });
  }

  /** To the room that replaces theirs, in their order; what may have reached the old one stays. Gives how many. */
  async move(from: RoomId, to: RoomId): Promise<number> {
    // between two messages of the old room: none is on its way into it
    const moved = await this.#turns.between(from, async () => this.#options.store.jobs.move(from, to));
    if (moved > 0) void this.resumeDue([to]);
    return moved;
  }

  /** Resolves when nothing is being sent any more. */
  async settled(): Promise<void> {
    await this.#resuming;
    await this.#turns.settled();
  }

  /** Begins no further message that nobody waits for: the next process does. */
  quit(): void {
    this.#isClosing = true;
  }

  /** The same, and resolves when what is under way has ended. */
  close(): Promise<void> {
    this.quit();
    return this.settled();
  }

  async #runAll(): Promise<void> {
    try {
      const rooms = await this.#options.store.jobs.roomsWaiting();
      this.#rests.keepOnly(new Set(rooms));
      await Promise.all(rooms.map((roomId) => this.#run(roomId)));
    } catch (thrown) {
      this.#options.onUnsent(toSottoError(thrown));
    }
  }

  async #run(roomId: RoomId): Promise<void> {
    try {
      await this.#turns.run(roomId);
    } catch (thrown) {
      const error = toSottoError(thrown);
      await this.#tellSenders(roomId, error);
      this.#options.onUnsent(error);
    }
  }

  /** Sends the message whose turn it is in a room; false where there is none, or it has to wait. */
  async #sendNext(roomId: RoomId): Promise<boolean> {
    if ((this.#isClosing && !this.#senders.isIn(roomId)) || this.#rests.reason(roomId)) return false;
    const jobId = await this.#next(roomId);
    if (jobId === undefined) return false;
    const job = await this.#reading.readable(jobId);
    return !job || this.#sendOne(job);
  }

  /**
   * Whose turn it is. In a room that is stopped, only what somebody waits for and is let through; whoever else waits is
   * told, and nothing is tried there again before {@link resumeDue} is called for it.
   */
  async #next(roomId: RoomId): Promise<number | undefined> {
    const jobId = await this.#options.store.jobs.next(roomId, this.#reading.unreadable);
    const stop = jobId === undefined ? undefined : this.#options.stopped({ roomId });
    if (!stop) return jobId;
    this.#rests.over(roomId);
    for (const sender of this.#senders.in(roomId)) {
      const job = await this.#reading.readable(sender.jobId);
      if (job && !this.#options.stopped(job)) return job.jobId;
    }
    if (!this.#senders.isIn(roomId)) this.#options.onUnsent(stop);
    await this.#tellSenders(roomId, stop);
    return undefined;
  }

  /** False where the room has to wait. */
  async #sendOne(job: Job): Promise<boolean> {
    const voice = job.announces === undefined ? undefined : await this.#announced(job);
    if (voice === "gone") return true;
    // a recording is announced when it is known that it can be sent
    if (voice?.state === "accepted") return this.#try(voice, () => this.#delivery.encoded(voice));
    return this.#try(job, async () => {
      const sent = await this.#delivery.deliver(job);
      this.#rests.over(job.roomId);
      for (const roomId of this.#rests.reached()) void this.#run(roomId);
      this.#options.onEnded(sent);
      this.#senders.take(job.jobId)?.resolve(sent);
    });
  }

  /** The voice message that a notice announces. One that was given up takes its notice with it. */
  async #announced(notice: Job): Promise<Job | "gone"> {
    const { jobs } = this.#options.store;
    const voice = await this.#reading.of(notice.jobId, () => jobs.withTxnId(notice.announces!));
    if (voice && voice.state !== "failed") return voice;
    if (this.#reading.unreadable.includes(notice.jobId)) return "gone";
    const why = await giveUpNotice(this.#options, notice, voice);
    this.#senders.take(notice.jobId)?.reject(why);
    return "gone";
  }

  async #try(tried: Job, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (thrown) {
      const error = toSottoError(thrown);
      const job = (await this.#options.store.jobs.get(tried.jobId)) ?? tried;
      const sender = this.#senders.take(job.jobId);
      const isTold = sender?.isHeard() === true && error.code !== "SEND_UNCERTAIN" && !tried.firstPutMs;
      const kept = isRefusal(error, job) || isTold ? await giveUp(this.#options, job, error) : error;
      // what was stopped goes on when it is lifted
      if (kept && !this.#options.stopped({ roomId: job.roomId })) this.#rests.failed(job.roomId, kept);
      if (sender) sender.reject(isTold && kept ? kept : error);
      else this.#options.onUnsent(error, job);
      if (kept || !isRefusal(error, job)) await this.#tellSenders(job.roomId, error);
      return !kept;
    }
  }

  /** What stopped a message stops those behind it: whoever waits for one of them is told, and it is given up. */
  async #tellSenders(roomId: RoomId, cause: SottoError): Promise<void> {
    for (const { jobId } of this.#senders.in(roomId)) {
      const sender = this.#senders.take(jobId)!;
      const error = forThoseBehind(cause);
      const job = await this.#reading.readable(jobId);
      const isTold = job && sender.isHeard() && !job.firstPutMs;
      sender.reject((isTold && (await giveUp(this.#options, job, error))) || error);
    }
  }
}
