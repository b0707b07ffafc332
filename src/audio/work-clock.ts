/**
 * Counts the time that a process has had, without the time that it waited for us: a recording may come no faster than
 * it is spoken, and go no faster than it is stored.
 */
export class WorkClock {
  readonly #limitMs: number;
  readonly #onOver: () => void;
  #leftMs: number;
  #startedAt = 0;
  #pauses = 1;
  #timer: NodeJS.Timeout | undefined;

  /** Stands still until `resume` is called. */
  constructor(limitMs: number, onOver: () => void) {
    this.#limitMs = limitMs;
    this.#leftMs = limitMs;
    this.#onOver = onOver;
  }

  get limitMs(): number {
    return this.#limitMs;
  }

  /** Each needs its own `resume`. */
  pause(): void {
    if (this.#pauses++ > 0) return;
    clearTimeout(this.#timer);
    this.#leftMs -= performance.now() - this.#startedAt;
  }

  resume(): void {
    if (--this.#pauses > 0) return;
    this.#startedAt = performance.now();
    this.#timer = setTimeout(this.#onOver, Math.max(0, this.#leftMs));
  }

  /** For good. */
  stop(): void {
    this.#pauses = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
  }
}
