import { RULES } from "../../audit/index.ts";
import type { RoomId } from "../../model/ids.ts";
import { type OpenFinding, urgencyOf } from "../../model/patrol.ts";
import type { StoppedRoom } from "../../model/stopped-room.ts";
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
  #open: ReadonlyMap<string, OpenFinding>;

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
    const { store, stops } = this.#account;
    const before = this.#open;
    const changed = found.filter((finding) => !isSame(before.get(finding.fingerprint), finding));
    const open = new Map(before);
    for (const fingerprint of gone) open.delete(fingerprint);
    for (const finding of found) open.set(finding.fingerprint, finding);
    const below = belowPolicy([...open.values()], this.#stopAt, (userId) => store.rooms.roomsOf(userId));
    const stopping = [...below].flatMap(([roomId, finding]) => this.#stopOf(roomId, finding));
    store.transaction(() => {
      if (changed.length > 0 || gone.length > 0) store.patrol.update(changed, gone);
      for (const stop of stopping) store.stoppedRooms.stop({ ...stop, sinceMs: Date.now() });
    });
    this.#open = open;
    // what had left before the verdict is not waited for
    for (const stop of stopping) stops.stopped(stop);
    this.#liftAllBut(below);
    this.#log(
      changed.filter((finding) => urgencyOf(finding) > urgencyOr0(before.get(finding.fingerprint))),
      gone.flatMap((fingerprint) => before.get(fingerprint) ?? []),
    );
  }

  /** Nothing where it is stopped so already. */
  #stopOf(
    roomId: RoomId,
    { ruleId, message: what, cure: how = "see `sotto audit`" }: OpenFinding,
  ): Omit<StoppedRoom, "sinceMs">[] {
    if (!this.#isJoined(roomId)) return [];
    const { store } = this.#account;
    const message = `${roomId} is below the policy: ${printable(what)} (${ruleId})`;
    const before = store.stoppedRooms.of(roomId).find(({ because }) => because === "policy");
    if (before?.message === message) return [];
    const cure = `${printable(how)}; what waits then goes on by itself`;
    return [{ roomId, because: "policy", message, cure }];
  }

  #liftAllBut(below: ReadonlyMap<RoomId, OpenFinding>): void {
    const { store, stops } = this.#account;
    const stopped = store.stoppedRooms.all().filter(({ because }) => because === "policy");
    if (stopped.length === 0) return;
    const waiting = new Set(store.jobs.roomsWaiting());
    for (const { roomId } of stopped) {
      // of a room that we are not in nothing is known: what waits for it waits until we are back
      if (below.has(roomId) || (!this.#isJoined(roomId) && waiting.has(roomId))) continue;
      store.patrol.stay(roomId);
      stops.lift(roomId, "policy");
    }
  }

  #isJoined = (roomId: RoomId): boolean => this.#account.store.rooms.get(roomId)?.membership === "join";

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
