import { createIndex, deleteIndex, renameObjectStore } from "../engine/change-schema.ts";
import type { Index, ObjectStore } from "../engine/schema.ts";
import { clearStore, deleteRecords, storeRecord } from "../engine/store-record.ts";
import type { Transaction } from "../engine/transaction.ts";
import { exception } from "../errors.ts";
import { type IDBValidKey, requireKey, valueOfKey } from "../keys/key.ts";
import type { Key } from "../keys/key-encoding.ts";
import { canInjectKey, extractKey, isValidKeyPath, type KeyPath, toKeyPath } from "../keys/key-path.ts";
import type { IDBCursorDirection } from "../storage/bounds.ts";
import { cloneForStorage } from "../values/clone.ts";
import { assertInternal, defineInterface, INTERNAL, toDictionary } from "../webidl.ts";
import { DOMStringList } from "./dom-string-list.ts";
import type { IDBCursor, IDBCursorWithValue } from "./idb-cursor.ts";
import { IDBIndex } from "./idb-index.ts";
import { toBounds } from "./idb-key-range.ts";
import type { IDBRecord } from "./idb-record.ts";
import type { IDBRequest } from "./idb-request.ts";
import { byCodeUnits, type IDBTransaction } from "./idb-transaction.ts";
import {
  type IDBGetAllOptions,
  type Readable,
  requestAll,
  requestCount,
  requestCursor,
  requestOne,
} from "./source-requests.ts";

export interface IDBIndexParameters {
  unique?: boolean;
  multiEntry?: boolean;
}

/** https://w3c.github.io/IndexedDB/#object-store-interface */
export class IDBObjectStore {
  readonly #transaction: Transaction;
  readonly #store: ObjectStore;
  readonly #keyPath: KeyPath | null;
  readonly #indexHandles = new Map<Index, IDBIndex>();
  readonly #readable: Readable;

  constructor(token?: symbol, transaction?: Transaction, store?: ObjectStore) {
    assertInternal(token);
    this.#transaction = transaction!;
    this.#store = store!;
    this.#keyPath =
      typeof store!.keyPath === "object" && store!.keyPath ? [...store!.keyPath] : store!.keyPath;
    this.#readable = { handle: this, transaction: transaction!, source: store! };
  }

  get name(): string {
    return this.#store.name;
  }

  set name(value: string) {
    const name = `${value}`;
    this.#assertExists();
    this.#assertUpgrading();
    if (this.#store.name === name) return;
    if (this.#transaction.connection.stores.has(name)) {
      throw exception("ConstraintError", `The object store '${name}' exists already.`);
    }
    renameObjectStore(this.#transaction, this.#store, name);
  }

  get keyPath(): KeyPath | null {
    return this.#keyPath;
  }

  get indexNames(): DOMStringList {
    return new DOMStringList(INTERNAL, [...this.#store.indexes.keys()].sort(byCodeUnits));
  }

  get transaction(): IDBTransaction {
    return this.#transaction.handle;
  }

  get autoIncrement(): boolean {
    return this.#store.autoIncrement;
  }

  put(value: unknown, key?: unknown): IDBRequest<IDBValidKey> {
    return this.#addOrPut(value, key, false);
  }

  add(value: unknown, key?: unknown): IDBRequest<IDBValidKey> {
    return this.#addOrPut(value, key, true);
  }

  delete(query: unknown): IDBRequest<undefined> {
    this.#assertWritable();
    const bounds = toBounds(query, false);
    return this.#execute(() => deleteRecords(this.#transaction, this.#store, bounds));
  }

  clear(): IDBRequest<undefined> {
    this.#assertWritable();
    return this.#execute(() => clearStore(this.#transaction, this.#store));
  }

  get(query: unknown): IDBRequest {
    this.#assertExists();
    return requestOne(this.#readable, query, "value");
  }

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

  index(name: string): IDBIndex {
    this.#assertExists();
    if (this.#transaction.state === "finished")
      throw exception("InvalidStateError", "The transaction is finished.");
    const index = this.#store.indexes.get(`${name}`);
    if (index === undefined) throw exception("NotFoundError", `There is no index '${name}'.`);
    return this.#handleFor(index);
  }

  createIndex(name: string, keyPath: string | Iterable<string>, options?: IDBIndexParameters): IDBIndex {
    const text = `${name}`;
    const path = toKeyPath(keyPath);
    const parameters = toDictionary(options);
    const multiEntry = Boolean(parameters.multiEntry);
    const unique = Boolean(parameters.unique);
    this.#assertUpgrading();
    if (this.#store.indexes.has(text))
      throw exception("ConstraintError", `The index '${text}' exists already.`);
    if (!isValidKeyPath(path)) throw exception("SyntaxError");
    if (multiEntry && typeof path !== "string") {
      throw exception("InvalidAccessError", "A multiEntry index needs a single key path.");
    }
    const shape = { name: text, keyPath: path, unique, multiEntry };
    return this.#handleFor(createIndex(this.#transaction, this.#store, shape));
  }

  deleteIndex(name: string): void {
    this.#assertUpgrading();
    const index = this.#store.indexes.get(`${name}`);
    if (index === undefined) throw exception("NotFoundError", `There is no index '${name}'.`);
    deleteIndex(this.#transaction, index);
  }

  /** https://w3c.github.io/IndexedDB/#add-or-put */
  #addOrPut(value: unknown, key: unknown, noOverwrite: boolean): IDBRequest<IDBValidKey> {
    this.#assertWritable();
    const { keyPath, autoIncrement } = this.#store;
    if (keyPath !== null && key !== undefined) {
      throw exception("DataError", "The object store takes its keys from the values: no key can be given.");
    }
    if (keyPath === null && !autoIncrement && key === undefined)
      throw exception("DataError", "A key is needed.");
    const given = key === undefined ? null : this.#transaction.whileInactive(() => requireKey(key));
    const storable = this.#transaction.whileInactive(() => cloneForStorage(value));
    this.#transaction.assertActive();
    const recordKey = keyPath === null ? given : this.#inlineKey(storable.clone, keyPath);
    const operation = () =>
      valueOfKey(storeRecord(this.#transaction, this.#store, storable, recordKey, noOverwrite));
    return this.#transaction.execute(this, operation, storable.ready) as IDBRequest<IDBValidKey>;
  }

  #inlineKey(clone: unknown, keyPath: KeyPath): Key | null {
    const key = extractKey(clone, keyPath);
    if (key === null) throw exception("DataError", "The value's key is not a valid key.");
    if (key !== undefined) return key;
    if (!this.#store.autoIncrement) throw exception("DataError", "The value has no key.");
    if (typeof keyPath !== "string" || !canInjectKey(clone, keyPath)) {
      throw exception("DataError", "The value has no place for a generated key.");
    }
    return null;
  }

  #execute<T>(operation: () => unknown): IDBRequest<T> {
    return this.#transaction.execute(this, operation) as IDBRequest<T>;
  }

  #handleFor(index: Index): IDBIndex {
    const handle = this.#indexHandles.get(index) ?? new IDBIndex(INTERNAL, this.#transaction, index, this);
    this.#indexHandles.set(index, handle);
    return handle;
  }

  #assertExists(): void {
    if (!this.#transaction.knows(this.#store))
      throw exception("InvalidStateError", "The object store was deleted.");
  }

  #assertWritable(): void {
    this.#assertExists();
    this.#transaction.assertActive();
    if (this.#transaction.mode === "readonly") throw exception("ReadOnlyError");
  }

  #assertUpgrading(): void {
    if (this.#transaction.mode !== "versionchange") {
      throw exception("InvalidStateError", "Only an upgrade transaction may do this.");
    }
    this.#assertExists();
    this.#transaction.assertActive();
  }
}

defineInterface(IDBObjectStore, {
  put: 1,
  add: 1,
  delete: 1,
  get: 1,
  getKey: 1,
  index: 1,
  createIndex: 2,
  deleteIndex: 1,
});
