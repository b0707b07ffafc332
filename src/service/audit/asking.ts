import { causeText, SottoError, toSottoError } from "../../errors.ts";
import type { Manner } from "../../matrix/facts/index.ts";
import type { Fact } from "../../model/facts.ts";

/** How patient an audit is with a homeserver. Milliseconds. */
export interface Patience {
  /** How many rooms or users are asked for at a time. */
  lanes: number;
  /** The longest that one answer may take. */
  answerMs: number;
  /** Within which a request is repeated that was held back or failed; a longer Retry-After is not waited for. */
  retryForMs: number;
  /** What requests that failed in the end may take, all together, before nothing more is asked. */
  lostMs: number;
}

export const PATIENCE: Patience = { lanes: 8, answerMs: 60_000, retryForMs: 20_000, lostMs: 300_000 };

/** Longest silence of the homeserver. */
const SILENCE_MS = 30_000;

/** They are not of one room or user: whoever meets one can read nothing else either. */
const FATAL = new Set(["TOKEN_REJECTED", "TOKEN_MISSING", "STOPPED", "INTERRUPTED", "DISK_FULL"]);

/** Asks a homeserver for many things, of which each may fail by itself. */
export class Asking {
  readonly #patience: Patience;
  readonly #signal: AbortSignal;
  #lostMs = 0;

  constructor(signal: AbortSignal, patience: Patience = PATIENCE) {
    this.#signal = signal;
    this.#patience = patience;
  }

  /** For one request. */
  readonly manner = (): Manner => ({
    signal: AbortSignal.any([this.#signal, AbortSignal.timeout(this.#patience.answerMs)]),
    timeoutMs: Math.min(SILENCE_MS, this.#patience.answerMs),
    retryForMs: this.#patience.retryForMs,
  });

  /**
   * What was read; or why not, in a sentence that begins with what was to be read.
   *
   * @throws what concerns everything: a rejected token, an end
   */
  async fact<T>(what: string, read: (manner: () => Manner) => Promise<T>): Promise<Fact<T>> {
    const attempt = await this.attempt(read);
    return "value" in attempt ? attempt : { unread: unreadBecause(what, attempt.failure) };
  }

  /** The same, with the error itself. */
  async attempt<T>(
    read: (manner: () => Manner) => Promise<T>,
  ): Promise<{ value: T } | { failure: SottoError }> {
    if (this.#lostMs >= this.#patience.lostMs)
      return { failure: new SottoError("TIMEOUT", "the homeserver has failed too often before") };
    const startedMs = performance.now();
    try {
      return { value: await read(this.manner) };
    } catch (thrown) {
      this.#lostMs += performance.now() - startedMs;
      return { failure: this.passing(thrown) };
    }
  }

  /** The error, if it is no more than one thing's; throws any other. */
  passing(thrown: unknown): SottoError {
    this.#signal.throwIfAborted();
    if (thrown instanceof Error && thrown.name === "TimeoutError")
      return new SottoError("TIMEOUT", "the answer took too long");
    const error = toSottoError(thrown);
    if (FATAL.has(error.code) || error.code.startsWith("STORE_")) throw error;
    return error;
  }

  /** Does the work for each, so many at a time; the first error ends it. */
  async each<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
    const waiting = items.values();
    let hasFailed = false;
    const lane = async (): Promise<void> => {
      for (const item of waiting) {
        if (hasFailed) return;
        await work(item).catch((thrown) => {
          hasFailed = true;
          throw thrown;
        });
      }
    };
    await Promise.all(Array.from({ length: this.#patience.lanes }, lane));
  }
}

export function unreadBecause(what: string, { message, cause }: SottoError): string {
  const reason = causeText(cause);
  return `${what} could not be read: ${message}${reason === undefined ? "" : ` (${reason})`}`;
}
