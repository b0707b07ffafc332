import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";
import { refused } from "./refusal.ts";

export interface BodyLimits {
  maxBytes: number;
  /** From the first byte that is asked for to the last, in milliseconds. */
  maxTime: number;
  /** Milliseconds. */
  stallTimeout: number;
  minBytesPerSecond: number;
}

/**
 * A request's body within its limits, read at the speed of whoever takes it. Nothing is read, and nothing is asked of a
 * client that waits for `100 Continue`, before the first byte is wanted. It fails with a Refusal, and leaves the connection
 * open for the answer.
 *
 * Patience is a purse: waiting for the client takes from it, each byte puts back what the lowest rate allows for it, and
 * it never holds more than `stallTimeout`. Our own slowness costs the client nothing.
 */
export class Body extends Readable {
  readonly #request: IncomingMessage;
  readonly #limits: BodyLimits;
  readonly #start: () => void;
  #isStarted = false;
  #received = 0;
  #patienceMs: number;
  #waitingSinceMs: number | undefined;
  #stall: NodeJS.Timeout | undefined;
  #deadline: NodeJS.Timeout | undefined;

  /** @param start called before the first byte is read */
  constructor(request: IncomingMessage, limits: BodyLimits, start: () => void) {
    super();
    this.#request = request;
    this.#limits = limits;
    this.#start = start;
    this.#patienceMs = limits.stallTimeout;
    // it may fail before anybody reads it; who reads it is told all the same
    this.on("error", () => undefined);
    request.pause();
    request.on("data", this.#onData).on("end", this.#onEnd);
    request.on("error", this.#onGone).on("close", this.#onGone);
  }

  /** Something of it was asked for. */
  get isStarted(): boolean {
    return this.#isStarted;
  }

  /** Gives it so much more time and no longer: then it fails with `error`. */
  hurry(withinMs: number, error: Error): void {
    if (this.readableEnded || this.#request.complete) return;
    clearTimeout(this.#deadline);
    this.#deadline = setTimeout(() => this.destroy(error), withinMs);
  }

  override _read(): void {
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.#deadline ??= setTimeout(this.#tooSlow, this.#limits.maxTime);
      this.#start();
    }
    this.#waitingSinceMs ??= performance.now();
    this.#watch();
    this.#request.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#stall);
    clearTimeout(this.#deadline);
    this.#request.pause();
    this.#request.off("data", this.#onData).off("end", this.#onEnd).off("close", this.#onGone);
    // the request's listener for errors stays: one that nobody hears would end the process
    done(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#received += chunk.length;
    if (this.#received > this.#limits.maxBytes) return void this.destroy(tooLarge(this.#limits.maxBytes));
    this.#earn(chunk.length);
    if (this.push(chunk)) return;
    this.#request.pause();
    clearTimeout(this.#stall);
    this.#waitingSinceMs = undefined;
  };

  #earn(bytes: number): void {
    const nowMs = performance.now();
    const spentMs = nowMs - (this.#waitingSinceMs ?? nowMs);
    const earnedMs = (bytes / this.#limits.minBytesPerSecond) * 1000;
    this.#patienceMs = Math.min(this.#limits.stallTimeout, this.#patienceMs - spentMs + earnedMs);
    this.#waitingSinceMs = nowMs;
    this.#watch();
  }

  #watch(): void {
    clearTimeout(this.#stall);
    this.#stall = setTimeout(this.#tooSlow, Math.max(0, this.#patienceMs));
  }

  readonly #tooSlow = (): void => {
    this.destroy(refused("REQUEST_TOO_SLOW", "the recording came too slowly, or took too long"));
  };

  readonly #onEnd = (): void => {
    clearTimeout(this.#stall);
    clearTimeout(this.#deadline);
    this.push(null);
  };

  readonly #onGone = (): void => {
    if (!this.#request.complete)
      this.destroy(refused("REQUEST_INVALID", "the request ended before its body did"));
  };
}

export const tooLarge = (maxBytes: number) =>
  refused("REQUEST_TOO_LARGE", `the request is larger than ${maxBytes} bytes`);

/** How long a client may go on sending what nobody wants any more, so that it gets to read its answer. */
const LINGER_MS = 5_000;

/**
 * Reads on without keeping anything until the client has sent it all, or has gone. Who closes a connection with
 * unread bytes in it resets it, and the answer with it (RFC 9112, 9.6).
 */
export function drained(request: IncomingMessage): Promise<void> {
  if (request.complete || request.destroyed) return Promise.resolve();
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, LINGER_MS);
  request.on("end", resolve).on("close", resolve).on("error", resolve).resume();
  return promise.finally(() => clearTimeout(timer));
}
