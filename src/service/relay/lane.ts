import { setTimeout as delay } from "node:timers/promises";
import type { EventId } from "../../model/ids.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 300_000;

/** How a try at a message ended: it is over, it was put aside, or the receiver has to rest and then gets it again. */
export type Try = "over" | "aside" | { restMs: number };

export interface LaneOptions {
  /** Never rejects. */
  attempt(eventId: EventId): Promise<Try>;
  /** After so many that were put aside, one after another, it waits for `lull` before the next. */
  mostAside: number;
  lull(): Promise<void>;
  /** No further message is begun. */
  closing: AbortSignal;
}

/**
 * What waits for one receiver: it goes in order, each message when the one before is over, and at this receiver's own pace.
 * Only event IDs are held in memory.
 */
export class Lane {
  readonly #options: LaneOptions;
  readonly #waiting = new Set<EventId>();
  #pauseMs = FIRST_PAUSE_MS;
  #isRunning = false;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: LaneOptions) {
    this.#options = options;
  }

  /** Whether it waits or is under way. */
  has(eventId: EventId): boolean {
    return this.#waiting.has(eventId);
  }

  add(eventId: EventId): void {
    this.#waiting.add(eventId);
    if (!this.#isRunning) this.#ended = this.#run();
  }

  get size(): number {
    return this.#waiting.size;
  }

  /** Those for which this is false wait no more. */
  keep(isThere: (eventId: EventId) => boolean): void {
    for (const eventId of this.#waiting) if (!isThere(eventId)) this.#waiting.delete(eventId);
  }

  /** Resolves when nothing is under way any more. */
  ended(): Promise<void> {
    return this.#ended;
  }

  async #run(): Promise<void> {
    const { attempt, mostAside, lull, closing } = this.#options;
    this.#isRunning = true;
    let aside = 0;
    for (const eventId of this.#waiting) {
      let outcome: Try | undefined;
      while (!closing.aborted && typeof outcome !== "string") {
        if (outcome) await this.#rest(outcome.restMs);
        if (!closing.aborted) outcome = await attempt(eventId);
      }
      if (closing.aborted) break;
      if (outcome === "over") this.#pauseMs = FIRST_PAUSE_MS;
      this.#waiting.delete(eventId);
      aside = outcome === "aside" ? aside + 1 : 0;
      if (aside >= mostAside) await lull();
    }
    this.#isRunning = false;
  }

  /** Longer each time, for as long as nothing succeeds. */
  async #rest(atLeastMs: number): Promise<void> {
    const pauseMs = this.#pauseMs / 2 + Math.random() * (this.#pauseMs / 2);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    const signal = this.#options.closing;
    await delay(Math.max(atLeastMs, pauseMs), undefined, { signal, ref: false }).catch(() => undefined);
  }
}
