import { randomUUID } from "node:crypto";
import { toSottoError } from "../../errors.ts";
import type { RoomId } from "../../model/ids.ts";
import type { StoppedRoom } from "../../model/stopped-room.ts";
import type { Account } from "../account.ts";
import { Background } from "../room/background.ts";
import { noticeWith } from "./notice.ts";
import { PATROL } from "./reports.ts";

const HOUR_MS = 3_600_000;
/** Where a room could not be left. */
const RETRY_MS = 5 * 60_000;
/** So long a room hears nothing again, however often it is cured and falls. */
const QUIET_MS = HOUR_MS;

/** Rooms that stay below the policy: that the account leaves is said there first, and then it leaves. */
export class Leaving implements Disposable {
  readonly #account: Account;
  readonly #afterMs: number;
  readonly #announcing: Background;
  readonly #notBeforeMs = new Map<RoomId, number>();
  readonly #saidMs = new Map<RoomId, number>();

  constructor(account: Account, afterMs: number) {
    this.#account = account;
    this.#afterMs = afterMs;
    this.#announcing = new Background(() => this.#announceAll(), account.logger);
  }

  [Symbol.dispose](): void {
    this.#announcing[Symbol.dispose]();
  }

  /** Says it in every room of which it is not said yet. */
  announce(): void {
    void this.#announcing.run();
  }

  /** Rooms whose time is over. */
  due(): RoomId[] {
    return this.#waiting().flatMap(({ roomId, dueMs }) => (dueMs <= Date.now() ? [roomId] : []));
  }

  /** Milliseconds from now. */
  nextMs(): number {
    return Math.min(...this.#waiting().map(({ dueMs }) => dueMs)) - Date.now();
  }

  /** It could not be looked at, or left. */
  later(roomId: RoomId): void {
    this.#notBeforeMs.set(roomId, Date.now() + RETRY_MS);
  }

  /** @throws SottoError what the homeserver says against it */
  async leave(roomId: RoomId): Promise<void> {
    const { store, rooms, logger } = this.#account;
    this.later(roomId);
    store.patrol.leave(roomId, Date.now());
    try {
      await rooms.leave(roomId);
    } catch (thrown) {
      store.patrol.leave(roomId, undefined);
      throw thrown;
    }
    logger.warn("a room that stayed below the policy was left", { roomId });
  }

  #waiting(): { roomId: RoomId; dueMs: number }[] {
    return this.#account.store.patrol
      .leaving()
      .filter(({ roomId }) => this.#mayBeLeft(roomId))
      .flatMap(({ roomId, announcedMs }) =>
        announcedMs === undefined ? [] : [{ roomId, dueMs: this.#dueMs(roomId, announcedMs) }],
      );
  }

  #dueMs(roomId: RoomId, announcedMs: number): number {
    return Math.max(announcedMs + this.#afterMs, this.#notBeforeMs.get(roomId) ?? 0);
  }

  #mayBeLeft(roomId: RoomId): boolean {
    const { store, config } = this.#account;
    const { operatorsRoom } = config;
    // who would hear of anything else?
    if (operatorsRoom !== undefined && roomId === store.successors.current(operatorsRoom)) return false;
    return store.rooms.get(roomId)?.membership === "join";
  }

  async #announceAll(): Promise<void> {
    const { store, logger } = this.#account;
    for (const stop of store.stoppedRooms.all()) {
      const { roomId, because } = stop;
      if (because !== "policy" || !this.#mayBeLeft(roomId)) continue;
      // it may be left already, and sync has not told yet
      if ((this.#notBeforeMs.get(roomId) ?? 0) > Date.now()) continue;
      try {
        await this.#announceIn(stop);
      } catch (thrown) {
        const { code, message } = toSottoError(thrown);
        logger.warn("a room is not left: it could not be said there", { roomId, code, reason: message });
      }
    }
  }

  async #announceIn(stop: StoppedRoom): Promise<void> {
    const { store, outbox, stops } = this.#account;
    const { roomId } = stop;
    const { begunMs, announcedMs } = store.patrol.beginToLeave(roomId, Date.now());
    const isQuiet = performance.now() - (this.#saidMs.get(roomId) ?? -QUIET_MS) < QUIET_MS;
    if (announcedMs !== undefined || isQuiet) return;
    const origin = store.originOf(PATROL, JSON.stringify(["leave", roomId, begunMs]));
    if (!store.jobs.jobsOf(origin)) {
      const content = noticeWith(this.#words(stop));
      const job = { roomId, txnId: randomUUID(), state: "uploaded" as const };
      await outbox.take([{ ...job, source: PATROL, contentJson: JSON.stringify(content) }], origin);
    }
    const [jobId] = store.jobs.jobsOf(origin) ?? [];
    const job = jobId === undefined ? undefined : store.jobs.get(jobId);
    if (!job) return;
    if (job.state === "failed") await outbox.retry(job.jobId);
    await stops.letThrough(job.txnId, ["policy"], () => outbox.send(job));
    this.#saidMs.set(roomId, performance.now());
    store.patrol.announced(roomId, Date.now());
  }

  #words({ message, cure }: StoppedRoom): string[] {
    const hours = Math.ceil(this.#afterMs / HOUR_MS);
    return [
      `Until it is cured, no voice message comes here: ${message}`,
      `The cure: ${cure}.`,
      `If it is not cured within ${hours} ${hours === 1 ? "hour" : "hours"}, I leave this room.`,
    ];
  }
}
