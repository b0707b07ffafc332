import { randomUUID } from "node:crypto";
import { type ErrorCode, toSottoError } from "../../errors.ts";
import type { RoomId } from "../../model/ids.ts";
import type { StoppedRoom } from "../../model/stopped-room.ts";
import type { Account } from "../account.ts";
import { findRoom } from "../destination.ts";
import { Background } from "../room/background.ts";
import { noticeOf, noticeWith } from "./notice.ts";

/** What its notices are known by in the queue; no connector has such a name. */
export const PATROL = ":patrol";
/** So many notices in so long: what comes meanwhile comes together. */
const MOST_NOTICES = 6;
const IN_MS = 10 * 60_000;
/** When a room that cannot be used is looked at again. */
const RETRY_MS = 5 * 60_000;

/**
 * Tells the operators what is new and what has gone, in their encrypted room; each thing once, whatever is killed. One
 * notice is under way at a time.
 */
export class Reports implements Disposable {
  readonly #account: Account;
  readonly #work: Background;
  readonly #sentMs: number[] = [];
  readonly #stop: () => void;
  #timer: NodeJS.Timeout | undefined;
  #trouble: ErrorCode | undefined;

  constructor(account: Account) {
    this.#account = account;
    this.#work = new Background(() => this.#tell(), account.logger);
    this.#stop = account.onJob({ ended: ({ source }) => source === PATROL && this.tell() });
  }

  [Symbol.dispose](): void {
    this.#stop();
    this.#work[Symbol.dispose]();
    clearTimeout(this.#timer);
  }

  tell(): void {
    void this.#work.run();
  }

  async #tell(): Promise<void> {
    const { store, outbox, config } = this.#account;
    const { operatorsRoom } = config;
    if (operatorsRoom === undefined) return;
    const last = this.#lastNotice();
    const isUnderWay = last !== undefined && last.state !== "sent" && last.state !== "failed";
    const isHere = last?.roomId === store.successors.current(operatorsRoom);
    const untold = isHere || last?.state === "sent" ? undefined : last?.contentJson;
    if (untold === undefined && (isUnderWay || !noticeOf(store.patrol.news()))) return;
    if (!this.#mayTell()) return;
    const roomId = await this.#room(operatorsRoom);
    if (roomId === undefined) return this.#later(RETRY_MS);
    const stop = store.stoppedRooms.of(roomId);
    if (stop.length > 0) return this.#sayOwnStop(stop);
    if (last && untold !== undefined) return this.#sayHere(roomId, untold, last.jobId);
    // it may be gone since
    const content = noticeOf(store.patrol.news());
    if (!content) return;
    this.#sentMs.push(performance.now());
    // one that was given up says what nobody was told
    if (last?.state === "failed") return void (await outbox.retry(last.jobId));
    store.transaction(() => {
      store.patrol.told(this.#insert(roomId, JSON.stringify(content)));
    });
    void outbox.resumeDue([roomId]);
  }

  /** The operators have another room now, which hears what was to be said in the one before. */
  async #sayHere(roomId: RoomId, contentJson: string, before: number): Promise<void> {
    const { store, outbox } = this.#account;
    this.#sentMs.push(performance.now());
    store.transaction(() => {
      store.patrol.saidBy(this.#insert(roomId, contentJson));
    });
    void outbox.resumeDue([roomId]);
    // what may have reached the room before is in the queue still
    await outbox.drop(before).catch(() => undefined);
  }

  #insert(roomId: RoomId, contentJson: string): number {
    const job = { ...newNotice(roomId, contentJson), createdMs: Date.now() };
    return this.#account.store.jobs.insert([job])[0]!.jobId;
  }

  /** Below the policy itself, the room hears that, once, and nothing of others: whoever is in it now may be anybody. */
  async #sayOwnStop(reasons: readonly StoppedRoom[]): Promise<void> {
    const { store, outbox, stops } = this.#account;
    const [stop] = reasons;
    if (!stop || reasons.some(({ because }) => because !== "policy")) return this.#later(RETRY_MS);
    const { roomId, sinceMs, message, cure } = stop;
    const origin = store.originOf(PATROL, JSON.stringify(["own", roomId, sinceMs]));
    if (!store.jobs.jobsOf(origin)) {
      const lines = [
        "This room is below the policy itself: what the patrol finds waits.",
        message,
        `The cure: ${cure}`,
      ];
      this.#sentMs.push(performance.now());
      await outbox.take([newNotice(roomId, JSON.stringify(noticeWith(lines)))], origin);
    }
    const [jobId] = store.jobs.jobsOf(origin) ?? [];
    const job = jobId === undefined ? undefined : store.jobs.get(jobId);
    if (!job || job.state === "sent") return;
    if (job.state === "failed") {
      this.#sentMs.push(performance.now());
      await outbox.retry(job.jobId);
    }
    await stops.letThrough(job.txnId, ["policy"], () => outbox.send(job));
  }

  #lastNotice() {
    const { patrol, jobs } = this.#account.store;
    const jobId = patrol.notice();
    return jobId === undefined ? undefined : jobs.get(jobId);
  }

  #mayTell(): boolean {
    const nowMs = performance.now();
    while (this.#sentMs[0] !== undefined && this.#sentMs[0] <= nowMs - IN_MS) this.#sentMs.shift();
    if (this.#sentMs.length < MOST_NOTICES) return true;
    this.#later(this.#sentMs[0]! + IN_MS - nowMs);
    return false;
  }

  #later(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.tell(), ms).unref();
  }

  /** Undefined where it cannot be used: what is found is not told in clear, and not forgotten. */
  async #room(operatorsRoom: RoomId): Promise<RoomId | undefined> {
    const { store, logger } = this.#account;
    try {
      const roomId = await findRoom(this.#account, store.successors.current(operatorsRoom));
      this.#trouble = undefined;
      return roomId;
    } catch (thrown) {
      const { code, message, cure } = toSottoError(thrown);
      if (this.#trouble !== code)
        logger.error("the operators' room cannot be used: what was found waits", {
          code,
          reason: message,
          cure,
        });
      this.#trouble = code;
      return undefined;
    }
  }
}

const newNotice = (roomId: RoomId, contentJson: string) => ({
  ...{ roomId, txnId: randomUUID(), state: "uploaded" as const, priority: "high" as const },
  ...{ source: PATROL, contentJson },
});
