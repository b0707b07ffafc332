import type { EventId } from "../model/ids.ts";

const FIRST_PAUSE_MS = 15_000;
const LONGEST_PAUSE_MS = 3_600_000;

/** As many as the inbox holds: what is older has left it. */
const MOST = 5_000;

type Reason = { untilMs: number } & ({ sessionId: string } | { pauseMs: number });

/**
 * Waiting events that would fail again if they were tried now: their room key has not come, or what they point to
 * could not be fetched a moment ago. Kept in memory only: a new process tries each of them once.
 */
export class Untimely {
  readonly #reasons = new Map<EventId, Reason>();
  readonly #clock: () => number;
  #keyArrivals = 0;

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  has(eventId: EventId): boolean {
    const reason = this.#reasons.get(eventId);
    return reason !== undefined && reason.untilMs > this.#clock();
  }

  /** How often keys have come: to be read before a decryption, since a key may come in the midst of it. */
  get keyArrivals(): number {
    return this.#keyArrivals;
  }

  /** It rests until a key of its session comes, or for so long. */
  lacksKey(
    eventId: EventId,
    sessionId: string,
    keyArrivals: number,
    restMs = Number.POSITIVE_INFINITY,
  ): void {
    if (keyArrivals === this.#keyArrivals)
      this.#rest(eventId, { sessionId, untilMs: this.#clock() + restMs });
  }

  /** It has rested for as long as it was to, and no key has come. */
  hasWaited(eventId: EventId): boolean {
    const reason = this.#reasons.get(eventId);
    return reason !== undefined && "sessionId" in reason && reason.untilMs <= this.#clock();
  }

  failed(eventId: EventId): void {
    const before = this.#reasons.get(eventId);
    const pauseMs =
      before && "pauseMs" in before ? Math.min(before.pauseMs * 2, LONGEST_PAUSE_MS) : FIRST_PAUSE_MS;
    this.#rest(eventId, { untilMs: this.#clock() + pauseMs, pauseMs });
  }

  keysArrived(sessionIds: readonly string[]): void {
    this.#keyArrivals += 1;
    const arrived = new Set(sessionIds);
    for (const [eventId, reason] of this.#reasons) {
      if ("sessionId" in reason && arrived.has(reason.sessionId)) this.#reasons.delete(eventId);
    }
  }

  #rest(eventId: EventId, reason: Reason): void {
    this.#reasons.set(eventId, reason);
    if (this.#reasons.size <= MOST) return;
    for (const oldest of this.#reasons.keys()) {
      this.#reasons.delete(oldest);
      break;
    }
  }

  done(eventId: EventId): void {
    this.#reasons.delete(eventId);
  }
}
