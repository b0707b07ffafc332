import { RULES } from "../../audit/index.ts";
import type { RoomId, UserId } from "../../model/ids.ts";
import { type OpenFinding, urgencyOf } from "../../model/patrol.ts";
import { printable } from "../../printable.ts";
import type { Account } from "../account.ts";
import { belowPolicy, type StopAt } from "./below.ts";

/** So many lines of the log for one look. */
const MOST_LINES = 20;
const TITLES = new Map(RULES.map(({ id, title }) => [id, title]));

/**
 * What is found, and which rooms get no voice because of it: both are durable in one step, and what a look could not say
 * anything of stays as it was.
 */
export class Verdicts {
  readonly #account: Account;
  readonly #stopAt: StopAt;
  readonly #open: Map<string, OpenFinding>;

  constructor(account: Account, { stopAt }: { stopAt: StopAt }) {
    this.#account = account;
    this.#stopAt = stopAt;
    this.#open = new Map(account.store.patrol.open().map((finding) => [finding.fingerprint, finding]));
  }

  open(): OpenFinding[] {
    return [...this.#open.values()];
  }

  /** @param gone - fingerprints */
  keep(found: readonly OpenFinding[], gone: readonly string[]): void {
    const { store, outbox } = this.#account;
    const before = new Map(this.#open);
    const changed = found.filter((finding) => !isSame(before.get(finding.fingerprint), finding));
    for (const fingerprint of gone) this.#open.delete(fingerprint);
    for (const finding of found) this.#open.set(finding.fingerprint, finding);
    const freed = store.transaction(() => {
      if (changed.length > 0 || gone.length > 0) store.patrol.update(changed, gone);
      return this.#stop();
    });
    if (freed.length > 0) void outbox.resumeDue(freed);
    this.#log(
      changed.filter((finding) => urgencyOf(finding) > urgencyOr0(before.get(finding.fingerprint))),
      gone.flatMap((fingerprint) => before.get(fingerprint) ?? []),
    );
  }

  /** Gives the rooms that are free again. */
  #stop(): RoomId[] {
    const { store, logger } = this.#account;
    const { stoppedRooms, rooms, jobs } = store;
    const isJoined = (roomId: RoomId): boolean => rooms.get(roomId)?.membership === "join";
    const below = belowPolicy(this.open(), this.#stopAt, (userId: UserId) => rooms.roomsOf(userId));
    const stopped = new Map(
      stoppedRooms.all().flatMap((room) => (room.because === "policy" ? [[room.roomId, room]] : [])),
    );
    for (const [roomId, finding] of below) {
      if (!isJoined(roomId)) continue;
      const message = `${roomId} is below the policy: ${printable(finding.message)} (${finding.ruleId})`;
      const before = stopped.get(roomId);
      if (before?.message === message) continue;
      const cure = `${printable(finding.cure ?? "see `sotto audit`")}; what waits then goes on by itself`;
      stoppedRooms.stop({ roomId, because: "policy", message, cure, sinceMs: before?.sinceMs ?? Date.now() });
      if (!before)
        logger.error("a room is below the policy: voice for it waits", { roomId, rule: finding.ruleId });
    }
    const waiting = new Set(jobs.roomsWaiting());
    return [...stopped.keys()].filter((roomId) => {
      // of a room that we are not in nothing is known: what waits for it waits until we are back
      if (below.has(roomId) || (!isJoined(roomId) && waiting.has(roomId))) return false;
      logger.info("a room is to policy again: what waits goes on", { roomId });
      return stoppedRooms.lift(roomId, "policy");
    });
  }

  /** What strangers have named stays out of it. */
  #log(found: readonly OpenFinding[], gone: readonly OpenFinding[]): void {
    const { logger } = this.#account;
    for (const { ruleId: rule, severity, result, subject } of found.slice(0, MOST_LINES))
      logger.warn("the patrol has found something", {
        rule,
        severity,
        result,
        ...subject,
        what: TITLES.get(rule),
      });
    for (const { ruleId: rule, severity, subject } of gone.slice(0, MOST_LINES))
      logger.info("what the patrol had found is gone", { rule, severity, ...subject });
    const more = Math.max(0, found.length - MOST_LINES) + Math.max(0, gone.length - MOST_LINES);
    if (more > 0) logger.warn("the patrol has found more: see `sotto audit`", { more });
  }
}

const urgencyOr0 = (finding: OpenFinding | undefined): number => (finding ? urgencyOf(finding) : 0);

const isSame = (one: OpenFinding | undefined, other: OpenFinding): boolean =>
  one !== undefined &&
  one.message === other.message &&
  one.cure === other.cure &&
  urgencyOf(one) === urgencyOf(other);
