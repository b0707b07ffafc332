import { createObjectStore, deleteObjectStore } from "../engine/change-schema.ts";
import type { Connection } from "../engine/connection.ts";
import type { ObjectStore } from "../engine/schema.ts";
import { Transaction, type TransactionDurability } from "../engine/transaction.ts";
import { exception } from "../errors.ts";
import { defineEventTarget, type EventHandler, joinEventTree } from "../events/event-target.ts";
import { isValidKeyPath, toKeyPath } from "../keys/key-path.ts";
import { assertInternal, defineInterface, INTERNAL, toDictionary, toEnum } from "../webidl.ts";
import { DOMStringList } from "./dom-string-list.ts";
import { IDBObjectStore } from "./idb-object-store.ts";
import { byCodeUnits, type IDBTransaction } from "./idb-transaction.ts";

export interface IDBObjectStoreParameters {
  keyPath?: string | string[] | null;
  autoIncrement?: boolean;
}

export interface IDBTransactionOptions {
  durability?: TransactionDurability;
}

/** https://w3c.github.io/IndexedDB/#database-interface */
export class IDBDatabase extends EventTarget {
  declare onabort: EventHandler;
  declare onclose: EventHandler;
  declare onerror: EventHandler;
  declare onversionchange: EventHandler;
  readonly #connection: Connection;

  constructor(token?: symbol, connection?: Connection) {
    assertInternal(token);
    super();
    this.#connection = connection!;
    joinEventTree(this, null);
  }

  get name(): string {
    return this.#connection.database.name;
  }

  get version(): number {
    return this.#connection.version;
  }

  get objectStoreNames(): DOMStringList {
    return new DOMStringList(INTERNAL, [...this.#connection.stores.keys()].sort(byCodeUnits));
  }

  transaction(
    storeNames: string | Iterable<string>,
    mode: "readonly" | "readwrite" = "readonly",
    options?: IDBTransactionOptions,
  ): IDBTransaction {
    const names = toNames(storeNames);
    const kind = toEnum(mode, ["readonly", "readwrite", "versionchange"], "The mode");
    const { durability = "default" } = toDictionary(options);
    const wanted = toEnum(durability, ["default", "strict", "relaxed"], "The durability");
    const connection = this.#connection;
    if (connection.upgrade) throw exception("InvalidStateError", "An upgrade transaction is running.");
    if (connection.closePending) throw exception("InvalidStateError", "The connection is closed.");
    const scope = new Set<ObjectStore>();
    for (const name of names) {
      const store = connection.stores.get(name);
      if (store === undefined) throw exception("NotFoundError", `There is no object store '${name}'.`);
      scope.add(store);
    }
    if (scope.size === 0)
      throw exception("InvalidAccessError", "A transaction needs at least one object store.");
    if (kind === "versionchange") throw new TypeError("The mode must be 'readonly' or 'readwrite'");
    const transaction = new Transaction(connection, kind, scope, wanted);
    transaction.deactivateAfterScript();
    return transaction.handle;
  }

  createObjectStore(name: string, options?: IDBObjectStoreParameters): IDBObjectStore {
    const text = `${name}`;
    const parameters = toDictionary(options);
    const autoIncrement = Boolean(parameters.autoIncrement);
    const path = parameters.keyPath;
    const keyPath = path === undefined || path === null ? null : toKeyPath(path);
    const transaction = this.#assertUpgrading();
    if (keyPath !== null && !isValidKeyPath(keyPath)) throw exception("SyntaxError");
    if (this.#connection.stores.has(text)) {
      throw exception("ConstraintError", `The object store '${text}' exists already.`);
    }
    if (autoIncrement && (keyPath === "" || (keyPath !== null && typeof keyPath !== "string"))) {
      throw exception("InvalidAccessError", "A key generator needs a key path that leads to one property.");
    }
    const store = createObjectStore(transaction, text, keyPath, autoIncrement);
    return transaction.handleFor(store, () => new IDBObjectStore(INTERNAL, transaction, store));
  }

  deleteObjectStore(name: string): void {
    const text = `${name}`;
    const transaction = this.#assertUpgrading();
    const store = this.#connection.stores.get(text);
    if (store === undefined) throw exception("NotFoundError", `There is no object store '${text}'.`);
    deleteObjectStore(transaction, store);
  }

  close(): void {
    this.#connection.close();
  }

  #assertUpgrading(): Transaction {
    const { upgrade } = this.#connection;
    if (upgrade === null) throw exception("InvalidStateError", "No upgrade transaction is running.");
    upgrade.assertActive();
    return upgrade;
  }
}

defineInterface(IDBDatabase, { transaction: 1, createObjectStore: 1, deleteObjectStore: 1 });
defineEventTarget(IDBDatabase, ["abort", "close", "error", "versionchange"]);

/** WebIDL's conversion to (DOMString or sequence<DOMString>), without repetitions. */
function toNames(input: unknown): Set<string> {
  const names = toKeyPath(input);
  return new Set(typeof names === "string" ? [names] : names);
}
