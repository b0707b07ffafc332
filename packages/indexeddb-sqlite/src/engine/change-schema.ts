import { exception } from "../errors.ts";
import type { KeyPath } from "../keys/key-path.ts";
import { beyond, EVERYTHING } from "../storage/bounds.ts";
import { deserialize } from "../values/serialize.ts";
import { entriesFor } from "./index-entries.ts";
import { Index, ObjectStore } from "./schema.ts";
import type { Transaction } from "./transaction.ts";

/*
 * What an upgrade transaction may do to names and shapes. The script sees each change at once; records change when
 * their turn among the requests comes; and every change says how it is taken back if the transaction aborts.
 */

export function createObjectStore(
  transaction: Transaction,
  name: string,
  keyPath: KeyPath | null,
  autoIncrement: boolean,
): ObjectStore {
  const { connection, storage } = transaction;
  const { database, stores } = connection;
  const id = changing(transaction, () =>
    storage.file.catalog.createStore(database.id!, { name, keyPath, autoIncrement }),
  );
  const store = new ObjectStore(id, name, keyPath, autoIncrement);
  stores.set(name, store);
  transaction.scope.add(store);
  transaction.onAbort(() => stores.delete(name));
  return store;
}

export function deleteObjectStore(transaction: Transaction, store: ObjectStore): void {
  const { connection, storage } = transaction;
  const { stores } = connection;
  const { name } = store;
  const indexes = new Map(store.indexes);
  stores.delete(name);
  store.indexes.clear();
  transaction.onAbort(() => {
    stores.set(name, store);
    restore(store.indexes, indexes);
  });
  transaction.enqueue(null, () => {
    transaction.beginChange();
    storage.file.catalog.deleteStore(store.id);
  });
}

export function renameObjectStore(transaction: Transaction, store: ObjectStore, name: string): void {
  const { connection, storage } = transaction;
  const before = store.name;
  changing(transaction, () => storage.file.catalog.renameStore(store.id, name));
  rename(connection.stores, store, name);
  transaction.onAbort(() => rename(connection.stores, store, before));
}

export function createIndex(
  transaction: Transaction,
  store: ObjectStore,
  shape: { name: string; keyPath: KeyPath; unique: boolean; multiEntry: boolean },
): Index {
  const id = changing(transaction, () =>
    transaction.storage.file.catalog.createIndex({ storeId: store.id, ...shape }),
  );
  const index = new Index(id, store, shape);
  store.indexes.set(index.name, index);
  transaction.onAbort(() => {
    store.indexes.delete(index.name);
    store.maintained.delete(index);
  });
  transaction.enqueue(null, () => {
    store.maintained.add(index);
    fill(transaction, index);
  });
  return index;
}

export function deleteIndex(transaction: Transaction, index: Index): void {
  const { store, name } = index;
  store.indexes.delete(name);
  transaction.onAbort(() => {
    store.indexes.set(name, index);
    store.maintained.add(index);
  });
  transaction.enqueue(null, () => {
    store.maintained.delete(index);
    transaction.beginChange();
    transaction.storage.file.catalog.deleteIndex(index.id);
  });
}

export function renameIndex(transaction: Transaction, index: Index, name: string): void {
  const { store } = index;
  const before = index.name;
  changing(transaction, () => transaction.storage.file.catalog.renameIndex(index.id, name));
  rename(store.indexes, index, name);
  transaction.onAbort(() => rename(store.indexes, index, before));
}

/** How many records are looked at in one go while an index is filled. */
const BATCH = 256;

/** Enters all records of the store. Two records with one key in a unique index abort the upgrade. */
function fill(transaction: Transaction, index: Index): void {
  const { reader, writer } = transaction.storage.file;
  transaction.beginChange();
  let bounds = EVERYTHING;
  for (;;) {
    const records = reader.scan(index.store, bounds, "next", BATCH, true);
    for (const { primaryKey, value } of records) {
      for (const entry of entriesFor(deserialize(value), [index])) {
        if (index.unique && reader.isTaken(index.id, entry.key, primaryKey)) {
          throw exception("ConstraintError", `Two records have one key in the unique index '${index.name}'.`);
        }
        writer.enter(entry, primaryKey);
      }
    }
    const last = records.at(-1);
    if (last === undefined) return;
    bounds = beyond(bounds, last, "nextunique");
  }
}

function changing<T>(transaction: Transaction, change: () => T): T {
  transaction.beginChange();
  return change();
}

function rename<T extends { name: string }>(list: Map<string, T>, item: T, name: string): void {
  list.delete(item.name);
  item.name = name;
  list.set(name, item);
}

function restore<K, V>(target: Map<K, V>, source: ReadonlyMap<K, V>): void {
  target.clear();
  for (const [key, value] of source) target.set(key, value);
}
