import type { Clock } from "../model/ports.ts";

/** The time, and somebody who calls when it has come; a test has its own. */
export interface Alarm {
  readonly now: Clock;
  /** The returned function takes it back. */
  after(ms: number, call: () => void): () => void;
}

export const systemAlarm: Alarm = {
  now: Date.now,
  after(ms, call) {
    const timer = setTimeout(call, ms);
    timer.unref(); // a verification that nobody follows must not keep a process alive
    return () => clearTimeout(timer);
  },
};

/** The spec's limits: ten minutes from the request's time, and two for each step. */
export const MAX_AGE_MS = 600_000;
export const MAX_SILENCE_MS = 120_000;

/** Waits for the next step of a verification, and not for ever. */
export class Patience {
  readonly #alarm: Alarm;
  readonly #endMs: number;
  readonly #onEnd: () => void;
  #takeBack: () => void = () => undefined;

  /** @param requestedMs by the other side's clock; one that is ahead of ours gives no more time */
  constructor(alarm: Alarm, requestedMs: number, onEnd: () => void) {
    this.#alarm = alarm;
    this.#endMs = Math.min(requestedMs, alarm.now()) + MAX_AGE_MS;
    this.#onEnd = onEnd;
    this.renew();
  }

  /** Something has happened: the next step has its own time. */
  renew(): void {
    this.#takeBack();
    const ms = Math.min(MAX_SILENCE_MS, this.#endMs - this.#alarm.now());
    this.#takeBack = this.#alarm.after(Math.max(0, ms), this.#onEnd);
  }

  end(): void {
    this.#takeBack();
  }
}
