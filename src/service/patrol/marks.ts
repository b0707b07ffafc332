/** What comes together is looked at together. */
const SETTLE_MS = 500;
/** A room or user that was looked at rests for so long, whatever changes. */
const REST_MS = 5_000;
/** What could not be read is tried again after this, then after twice as long. */
const FIRST_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 15 * 60_000;
/** So many rooms in one look. */
const MOST_ROOMS = 10;

interface Mark {
  /** Undefined: nothing has changed since the last look. */
  dueMs: number | undefined;
  lookedMs: number;
  failures: number;
}

/** Rooms and users that have changed, and when each is looked at: soon, and never so often that others notice. */
export class Marks {
  readonly #marks = new Map<string, Mark>();
  readonly #clock: () => number;

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  /** They have changed. */
  add(ids: Iterable<string>): void {
    const nowMs = this.#clock();
    for (const id of ids) {
      const mark = this.#marks.get(id) ?? { dueMs: undefined, lookedMs: -REST_MS, failures: 0 };
      const dueMs = Math.max(nowMs + SETTLE_MS, mark.lookedMs + REST_MS);
      this.#marks.set(id, { ...mark, dueMs: Math.min(mark.dueMs ?? dueMs, dueMs) });
    }
  }

  /** Which have changed and were not looked at since. */
  waiting(): Set<string> {
    return new Set([...this.#marks].filter(([, { dueMs }]) => dueMs !== undefined).map(([id]) => id));
  }

  /** When the next one is due, by the clock. */
  nextMs(): number | undefined {
    let nextMs: number | undefined;
    // a homeserver may tell of more than a call takes arguments
    for (const { dueMs } of this.#marks.values())
      if (dueMs !== undefined && dueMs < (nextMs ?? Infinity)) nextMs = dueMs;
    return nextMs;
  }

  /** Takes those that are due; from here on a change marks them anew. */
  take(): Set<string> {
    const nowMs = this.#clock();
    const taken = new Set<string>();
    let rooms = 0;
    for (const [id, mark] of this.#marks) {
      if (mark.dueMs === undefined) {
        if (mark.lookedMs + REST_MS < nowMs && mark.failures === 0) this.#marks.delete(id);
        continue;
      }
      if (mark.dueMs > nowMs || (id.startsWith("!") && ++rooms > MOST_ROOMS)) continue;
      taken.add(id);
      this.#marks.set(id, { ...mark, dueMs: undefined, lookedMs: nowMs });
    }
    return taken;
  }

  /** Takes one that is looked at whether it has changed or not. */
  takeNow(id: string): Set<string> {
    const failures = this.#marks.get(id)?.failures ?? 0;
    this.#marks.set(id, { dueMs: undefined, lookedMs: this.#clock(), failures });
    return new Set([id]);
  }

  /** How a look at those that were taken has ended. */
  looked(taken: ReadonlySet<string>, unread: Iterable<string>): void {
    const nowMs = this.#clock();
    const failed = new Set(unread);
    for (const id of new Set([...taken, ...failed])) {
      const mark = this.#marks.get(id) ?? { dueMs: undefined, lookedMs: nowMs, failures: 0 };
      if (!failed.has(id)) {
        this.#marks.set(id, { ...mark, failures: 0 });
        continue;
      }
      const retryMs = nowMs + Math.min(FIRST_RETRY_MS * 2 ** mark.failures, LONGEST_RETRY_MS);
      const dueMs = Math.min(mark.dueMs ?? retryMs, retryMs);
      this.#marks.set(id, { ...mark, dueMs, failures: mark.failures + 1 });
    }
  }

  /** All is going to be looked at. Gives those that waited. */
  clear(): Set<string> {
    const waiting = this.waiting();
    this.#marks.clear();
    return waiting;
  }
}
