import type { Transaction, TransactionDurability } from "../engine/transaction.ts";
import type { TransactionMode } from "../engine/write-group.ts";
import { exception } from "../errors.ts";
import { defineEventTarget, type EventHandler, joinEventTree } from "../events/event-target.ts";
import { assertInternal, defineInterface, INTERNAL } from "../webidl.ts";
import { DOMStringList } from "./dom-string-list.ts";
import type { IDBDatabase } from "./idb-database.ts";
import { IDBObjectStore } from "./idb-object-store.ts";

/** https://w3c.github.io/IndexedDB/#transaction */
export class IDBTransaction extends EventTarget {
  declare oncomplete: EventHandler;
  declare onabort: EventHandler;
  declare onerror: EventHandler;
  readonly #transaction: Transaction;

  constructor(token?: symbol, transaction?: Transaction, parent: EventTarget | null = null) {
    assertInternal(token);
    super();
    this.#transaction = transaction!;
    joinEventTree(this, parent);
  }

  get objectStoreNames(): DOMStringList {
    const { mode, connection, scope } = this.#transaction;
    const names =
      mode === "versionchange" ? [...connection.stores.keys()] : Array.from(scope, (store) => store.name);
    return new DOMStringList(INTERNAL, names.sort(byCodeUnits));
  }

  get mode(): TransactionMode {
    return this.#transaction.mode;
  }

  get durability(): TransactionDurability {
    return this.#transaction.durability;
  }

  get db(): IDBDatabase {
    return this.#transaction.connection.handle;
  }

  get error(): DOMException | null {
    return this.#transaction.error;
  }

  objectStore(name: string): IDBObjectStore {
    const { state, mode, connection, scope } = this.#transaction;
    if (state === "finished") throw exception("InvalidStateError", "The transaction is finished.");
    const store = connection.stores.get(`${name}`);
    if (store === undefined || (mode !== "versionchange" && !scope.has(store))) {
      throw exception("NotFoundError", `No object store '${name}' is in the transaction's scope.`);
    }
    return this.#transaction.handleFor(store, () => new IDBObjectStore(INTERNAL, this.#transaction, store));
  }

  commit(): void {
    if (this.#transaction.state !== "active")
      throw exception("InvalidStateError", "The transaction is not active.");
    this.#transaction.commit();
  }

  abort(): void {
    const { state } = this.#transaction;
    if (state === "committing" || state === "finished") {
      throw exception("InvalidStateError", "The transaction is finished already.");
    }
    this.#transaction.abort();
  }
}

defineInterface(IDBTransaction, { objectStore: 1 });
defineEventTarget(IDBTransaction, ["complete", "abort", "error"]);

/** The order of every list of names in the standard: JavaScript's own comparison of strings. */
export function byCodeUnits(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
