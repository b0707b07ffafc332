import type { Request } from "../engine/request.ts";
import { defineEventTarget, type EventHandler, joinEventTree } from "../events/event-target.ts";
import { assertInternal, defineInterface } from "../webidl.ts";
import type { IDBTransaction } from "./idb-transaction.ts";

/** https://w3c.github.io/IndexedDB/#request-api */
export class IDBRequest<T = unknown> extends EventTarget {
  declare onsuccess: EventHandler;
  declare onerror: EventHandler;
  readonly #request: Request;

  constructor(token?: symbol, request?: Request, parent: EventTarget | null = null) {
    assertInternal(token);
    super();
    this.#request = request!;
    joinEventTree(this, parent);
  }

  get result(): T {
    return this.#request.result as T;
  }

  get error(): DOMException | null {
    return this.#request.error;
  }

  /** The object store, index or cursor that the request was made through; null for an open request. */
  get source(): object | null {
    return this.#request.source;
  }

  get transaction(): IDBTransaction | null {
    return this.#request.transaction?.handle ?? null;
  }

  get readyState(): "pending" | "done" {
    return this.#request.isDone ? "done" : "pending";
  }
}

defineInterface(IDBRequest);
defineEventTarget(IDBRequest, ["success", "error"]);

/** https://w3c.github.io/IndexedDB/#idbopendbrequest */
export class IDBOpenDBRequest<T = unknown> extends IDBRequest<T> {
  declare onblocked: EventHandler;
  declare onupgradeneeded: EventHandler;
}

defineInterface(IDBOpenDBRequest);
defineEventTarget(IDBOpenDBRequest, ["blocked", "upgradeneeded"]);
