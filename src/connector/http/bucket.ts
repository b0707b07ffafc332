/** So many at once, and so many in each minute: a token bucket. */
export class Bucket {
  readonly #perMinute: number;
  readonly #nowMs: () => number;
  #level: number;
  #filledMs: number;

  constructor(perMinute: number, nowMs: () => number = () => performance.now()) {
    this.#perMinute = perMinute;
    this.#nowMs = nowMs;
    this.#level = perMinute;
    this.#filledMs = nowMs();
  }

  /** Takes one if there is one. @returns how long to wait for it, in milliseconds; 0 if it was taken */
  take(): number {
    const nowMs = this.#nowMs();
    const perMs = this.#perMinute / 60_000;
    this.#level = Math.min(this.#perMinute, this.#level + (nowMs - this.#filledMs) * perMs);
    this.#filledMs = nowMs;
    if (this.#level < 1) return (1 - this.#level) / perMs;
    this.#level -= 1;
    return 0;
  }
}
