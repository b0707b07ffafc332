import { setTimeout as delay } from "node:timers/promises";
import { toSottoError } from "../../errors.ts";
import type { Facts } from "../../model/facts.ts";
import type { Finding } from "../../model/finding.ts";
import type { RoomId } from "../../model/ids.ts";
import type { SyncBatch } from "../../model/sync.ts";
import type { Account } from "../account.ts";
import { Asking, type Patience } from "../audit/asking.ts";
import { type CollectOptions, collectFacts } from "../audit/collect.ts";
import { type HeldTo, readHeldTo } from "./held-to.ts";
import { judge, type Seen } from "./judge.ts";
import { Leaving } from "./leaving.ts";
import { Marks } from "./marks.ts";
import { Picture, unreadIn, whatWasLookedAt } from "./picture.ts";
import { Reports } from "./reports.ts";
import { Verdicts } from "./verdicts.ts";

/** Whoever sends is first: two requests at a time, and none of them insists. */
const PATIENCE: Patience = { lanes: 2, answerMs: 30_000, retryForMs: 5_000, lostMs: 120_000 };
/** Between two looks. */
const BREATH_MS = 1_000;
const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 15 * 60_000;
const NOTHING: ReadonlySet<string> = new Set();

export type PatrolConfig = NonNullable<Account["config"]["patrol"]>;

/**
 * The rules of `sotto audit`, run live: all is looked at when it starts and by the timetable; in between, the rooms and
 * users of which sync tells a change. A look that fails changes nothing, and is repeated.
 */
export class Patrol implements AsyncDisposable {
  readonly #account: Account;
  readonly #config: PatrolConfig;
  readonly #marks = new Marks();
  readonly #verdicts: Verdicts;
  readonly #reports: Reports;
  readonly #leaving: Leaving | undefined;
  readonly #stopping = new AbortController();
  readonly #running: Promise<void>;
  readonly #remove: () => void;
  #heldTo: HeldTo;
  #picture: Picture | undefined;
  #previous: Facts | undefined;
  /** By the clock of {@link performance.now}. */
  #wholeDueMs = 0;
  #failures = 0;
  #rouse = (): void => undefined;

  constructor(account: Account, config: PatrolConfig, heldTo: HeldTo) {
    this.#account = account;
    this.#config = config;
    this.#heldTo = heldTo;
    this.#verdicts = new Verdicts(account, config);
    this.#reports = new Reports(account);
    this.#leaving = config.leave ? new Leaving(account, config.leaveAfter) : undefined;
    account.lookAgain = (userId) => this.#changed([userId]);
    this.#remove = account.sync.onBatch((batch) => this.#mark(batch));
    this.#running = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#remove();
    this.#stopping.abort();
    this.#rouse();
    this.#account.lookAgain = () => undefined;
    this.#reports[Symbol.dispose]();
    this.#leaving?.[Symbol.dispose]();
    await this.#running;
  }

  #mark({ joined, left, deviceLists }: SyncBatch): void {
    const changed = joined.filter(
      ({ state, timeline, hasGap }) =>
        hasGap || [...state, ...timeline].some(({ state_key }) => state_key !== undefined),
    );
    this.#changed([
      ...[...changed, ...left].map(({ roomId }) => roomId),
      ...deviceLists.changed,
      ...deviceLists.left,
    ]);
  }

  #changed(ids: readonly string[]): void {
    if (ids.length === 0) return;
    this.#marks.add(ids);
    this.#rouse();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        const waitMs = this.#nextMs();
        if (waitMs > 0) {
          await this.#rest(waitMs);
          continue;
        }
        await this.#look();
      } catch (thrown) {
        if (signal.aborted) return;
        this.#failed(thrown);
      }
      await this.#rest(BREATH_MS, { isRoused: false });
    }
  }

  /** When there is something to do, in milliseconds from now. Before all was looked at, changes are not looked at. */
  #nextMs(): number {
    const wholeMs = this.#wholeDueMs - performance.now();
    if (!this.#picture) return wholeMs;
    const changedMs = (this.#marks.nextMs() ?? Infinity) - performance.now();
    return Math.min(wholeMs, changedMs, this.#leaving?.nextMs() ?? Infinity);
  }

  async #look(): Promise<void> {
    if (this.#wholeDueMs <= performance.now()) return this.#lookAtAll();
    await this.#lookAt(this.#marks.take());
    for (const roomId of this.#leaving?.due() ?? []) await this.#leave(roomId);
  }

  /** Until something comes, or the end. */
  async #rest(ms: number, { isRoused = true } = {}): Promise<void> {
    const roused = new AbortController();
    if (isRoused) this.#rouse = () => roused.abort();
    const signal = AbortSignal.any([roused.signal, this.#stopping.signal]);
    await delay(ms, undefined, { signal, ref: false }).catch(() => undefined);
    this.#rouse = () => undefined;
  }

  async #lookAtAll(): Promise<void> {
    const { signal } = this.#stopping;
    const { sync, store, logger } = this.#account;
    await sync.toLiveEnd();
    await sync.heard();
    const before = this.#marks.clear();
    try {
      const facts = await this.#readAll();
      signal.throwIfAborted();
      this.#readAgain();
      this.#previous = this.#lastAudit(facts);
      this.#picture = new Picture(this.#account, facts, this.#picture);
      const about = ["room", "user", "homeserver", "own"] as const;
      const wasLookedAt = whatWasLookedAt(this.#account, facts);
      const notChecked = this.#judge([{ facts, about, wasLookedAt, except: this.#marks.waiting() }]);
      store.patrol.lookedAtAll(facts.collectedMs, notChecked);
      const { rooms, users } = facts;
      this.#marks.looked(NOTHING, unreadIn(rooms, users));
      logger.info("the patrol has looked at all", { rooms: rooms.length, users: users.length });
      this.#failures = 0;
      this.#wholeDueMs = performance.now() + this.#config.every;
    } catch (thrown) {
      this.#marks.add(before);
      throw thrown;
    }
  }

  /** A token of an administrator that is of no use does not keep us from looking at our own rooms. */
  async #readAll(): Promise<Facts> {
    const { signal } = this.#stopping;
    const { adminTokenFile, homeserverConfig, logConfig } = this.#config;
    const files = {
      ...(homeserverConfig !== undefined && { homeserverConfig }),
      ...(logConfig !== undefined && { logConfig }),
    };
    const read = (sources: CollectOptions) => collectFacts(this.#account, sources, signal, PATIENCE);
    if (adminTokenFile === undefined) return read(files);
    try {
      return await read({ ...files, adminTokenFile });
    } catch (thrown) {
      signal.throwIfAborted();
      const { code, message: reason } = toSottoError(thrown);
      if (code === "HOMESERVER_UNREACHABLE") throw thrown;
      const facts = await read(files);
      const words =
        "patrol.adminTokenFile is of no use: the patrol looks only at rooms that the account is in";
      this.#account.logger.error(words, { code, reason });
      return facts;
    }
  }

  /** Gives what could not be read. */
  async #lookAt(changed: ReadonlySet<string>): Promise<readonly string[]> {
    if (changed.size === 0) return [];
    let unread: readonly string[] = [...changed];
    try {
      const looked = await this.#picture!.look(changed, new Asking(this.#stopping.signal, PATIENCE));
      this.#judge(looked.seen);
      unread = looked.unread;
    } finally {
      this.#marks.looked(changed, unread);
    }
    return unread;
  }

  /** Only where it is below the policy still: that was read just now, of the room and of everybody in it. */
  async #leave(roomId: RoomId): Promise<void> {
    const unread = await this.#lookAt(this.#marks.takeNow(roomId));
    if (unread.length > 0 || this.#marks.waiting().has(roomId)) return this.#leaving!.later(roomId);
    if (this.#leaving!.due().includes(roomId)) await this.#leaving!.leave(roomId);
  }

  /** Gives what could not be judged. */
  #judge(seen: readonly Seen[]): Finding[] {
    const judged = seen.map((one) => judge(one, this.#heldTo, this.#verdicts.open(), this.#previous));
    this.#verdicts.keep(
      judged.flatMap(({ found }) => found),
      judged.flatMap(({ gone }) => gone),
    );
    this.#reports.tell();
    this.#leaving?.announce();
    return judged.flatMap(({ notChecked }) => notChecked);
  }

  /** Policy, waivers and baseline, as they are now; where one is wrong, as they were. */
  #readAgain(): void {
    try {
      this.#heldTo = readHeldTo(this.#account.config);
    } catch (thrown) {
      const { code, message } = toSottoError(thrown);
      this.#account.logger.error("the patrol goes on by the policy that it has", { code, reason: message });
    }
  }

  /** Where no audit was made yet, what is there now is what later devices are compared with. */
  #lastAudit(facts: Facts): Facts {
    const { audits } = this.#account.store;
    const last = audits.lastFacts();
    const kept = last === undefined ? facts : (JSON.parse(last) as Facts);
    const previous = { ...kept, rooms: [] };
    if (last === undefined) audits.setLastFacts(JSON.stringify(previous));
    return previous;
  }

  #failed(thrown: unknown): void {
    const { code, message } = toSottoError(thrown);
    const pauseMs = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
    if (this.#failures === 0)
      this.#account.logger.warn("the patrol could not look; what was found before stands", {
        code,
        reason: message,
      });
    this.#failures += 1;
    this.#wholeDueMs = Math.max(this.#wholeDueMs, performance.now() + pauseMs);
  }
}
