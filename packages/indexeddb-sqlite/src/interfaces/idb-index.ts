import { renameIndex } from "../engine/change-schema.ts";
import type { Index } from "../engine/schema.ts";
import type { Transaction } from "../engine/transaction.ts";
import { exception } from "../errors.ts";
import type { IDBValidKey } from "../keys/key.ts";
import type { KeyPath } from "../keys/key-path.ts";
import type { IDBCursorDirection } from "../storage/bounds.ts";
import { assertInternal, defineInterface } from "../webidl.ts";
import type { IDBCursor, IDBCursorWithValue } from "./idb-cursor.ts";
import type { IDBObjectStore } from "./idb-object-store.ts";
import type { IDBRecord } from "./idb-record.ts";
import type { IDBRequest } from "./idb-request.ts";
import {
  type IDBGetAllOptions,
  type Readable,
  requestAll,
  requestCount,
  requestCursor,
  requestOne,
} from "./source-requests.ts";

/** https://w3c.github.io/IndexedDB/#index-interface */
export class IDBIndex {
  readonly #transaction: Transaction;
  readonly #index: Index;
  readonly #objectStore: IDBObjectStore;
  readonly #keyPath: KeyPath;
  readonly #readable: Readable;

  constructor(token?: symbol, transaction?: Transaction, index?: Index, objectStore?: IDBObjectStore) {
    assertInternal(token);
    this.#transaction = transaction!;
    this.#index = index!;
    this.#objectStore = objectStore!;
    this.#keyPath = typeof index!.keyPath === "string" ? index!.keyPath : [...index!.keyPath];
    this.#readable = { handle: this, transaction: transaction!, source: index! };
  }

  get name(): string {
    return this.#index.name;
  }

  set name(value: string) {
    const name = `${value}`;
    if (this.#transaction.mode !== "versionchange") {
      throw exception("InvalidStateError", "Only an upgrade transaction may do this.");
    }
    this.#transaction.assertActive();
    this.#assertExists();
    if (this.#index.name === name) return;
    if (this.#index.store.indexes.has(name))
      throw exception("ConstraintError", `The index '${name}' exists already.`);
    renameIndex(this.#transaction, this.#index, name);
  }

  get objectStore(): IDBObjectStore {
    return this.#objectStore;
  }

  get keyPath(): KeyPath {
    return this.#keyPath;
  }

  get multiEntry(): boolean {
    return this.#index.multiEntry;
  }

  get unique(): boolean {
    return this.#index.unique;
  }

  /** The value of the first record. */
  get(query: unknown): IDBRequest {
    this.#assertExists();
    return requestOne(this.#readable, query, "value");
  }

  /** The primary key of the first record. */
  getKey(query: unknown): IDBRequest<IDBValidKey | undefined> {
    this.#assertExists();
    return requestOne(this.#readable, query, "key") as IDBRequest<IDBValidKey | undefined>;
  }

  getAll(queryOrOptions?: unknown, count?: number): IDBRequest<unknown[]> {
    this.#assertExists();
    return requestAll(this.#readable, queryOrOptions, count, "value") as IDBRequest<unknown[]>;
  }

  getAllKeys(queryOrOptions?: unknown, count?: number): IDBRequest<IDBValidKey[]> {
    this.#assertExists();
    return requestAll(this.#readable, queryOrOptions, count, "key") as IDBRequest<IDBValidKey[]>;
  }

  getAllRecords(options?: IDBGetAllOptions): IDBRequest<IDBRecord[]> {
    this.#assertExists();
    return requestAll(this.#readable, options, undefined, "record") as IDBRequest<IDBRecord[]>;
  }

  count(query?: unknown): IDBRequest<number> {
    this.#assertExists();
    return requestCount(this.#readable, query);
  }

  openCursor(query?: unknown, direction: IDBCursorDirection = "next"): IDBRequest<IDBCursorWithValue | null> {
    this.#assertExists();
    return requestCursor(this.#readable, query, direction, false) as IDBRequest<IDBCursorWithValue | null>;
  }

  openKeyCursor(query?: unknown, direction: IDBCursorDirection = "next"): IDBRequest<IDBCursor | null> {
    this.#assertExists();
    return requestCursor(this.#readable, query, direction, true);
  }

  #assertExists(): void {
    if (!this.#transaction.knows(this.#index)) throw exception("InvalidStateError", "The index was deleted.");
  }
}

defineInterface(IDBIndex, { get: 1, getKey: 1 });
