import { exception } from "../errors.ts";
import type { IDBRequest } from "../interfaces/idb-request.ts";
import type { Transaction } from "./transaction.ts";

/** https://w3c.github.io/IndexedDB/#request-construct */
export class Request {
  source: object | null;
  transaction: Transaction | null;
  isDone = false;
  /** The object that the script holds; its events are fired there. */
  handle!: IDBRequest;
  #result: unknown;
  #error: DOMException | null = null;

  constructor(source: object | null, transaction: Transaction | null) {
    this.source = source;
    this.transaction = transaction;
  }

  get result(): unknown {
    this.#assertDone();
    return this.#result;
  }

  get error(): DOMException | null {
    this.#assertDone();
    return this.#error;
  }

  succeed(result: unknown): void {
    this.isDone = true;
    this.#result = result;
    this.#error = null;
  }

  fail(error: DOMException): void {
    this.isDone = true;
    this.#result = undefined;
    this.#error = error;
  }

  /** Pending again: a cursor's request, or an open request whose upgrade was aborted. */
  reset(): void {
    this.isDone = false;
    this.#result = undefined;
    this.#error = null;
  }

  #assertDone(): void {
    if (!this.isDone) throw exception("InvalidStateError", "The request has not finished.");
  }
}
