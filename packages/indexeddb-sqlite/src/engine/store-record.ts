import { exception } from "../errors.ts";
import { after, decodeKey, encodeNumber, type Key } from "../keys/key-encoding.ts";
import { extractIndexKeys, injectKey } from "../keys/key-path.ts";
import { type Bounds, EVERYTHING, keyBounds } from "../storage/bounds.ts";
import type { IndexEntry } from "../storage/record-writer.ts";
import type { Storable } from "../values/clone.ts";
import { serialize } from "../values/serialize.ts";
import type { ObjectStore } from "./schema.ts";
import type { Transaction } from "./transaction.ts";

/**
 * https://w3c.github.io/IndexedDB/#store-a-record-into-an-object-store
 * Whatever can fail is checked before anything is changed. Gives the record's key.
 */
export function storeRecord(
  transaction: Transaction,
  store: ObjectStore,
  value: Storable,
  givenKey: Key | null,
  noOverwrite: boolean,
): Key {
  const { reader, writer, undoLog } = transaction.storage.file;
  const { key, next } = store.autoIncrement
    ? generateKey(transaction, store, value.clone, givenKey)
    : given(givenKey);
  const exists = reader.has(store.id, key);
  if (exists && noOverwrite) throw exception("ConstraintError", "A record with this key exists already.");
  const entries = checkedEntries(transaction, store, value.clone, key);
  transaction.beginChange();
  if (transaction.isLogged) {
    if (exists) undoLog.saveRecords(store.id, keyBounds(key, after(key)));
    else undoLog.saveAbsence(store.id, key);
  }
  if (next !== null) setNextKey(transaction, store, next);
  if (exists && store.maintained.size > 0) writer.withdraw(keyBounds(key, after(key)), store.maintainedIds);
  writer.put(store.id, key, serialize(value));
  for (const entry of entries) writer.enter(entry, key);
  return key;
}

/** https://w3c.github.io/IndexedDB/#delete-records-from-an-object-store */
export function deleteRecords(transaction: Transaction, store: ObjectStore, bounds: Bounds): void {
  const { writer, undoLog } = transaction.storage.file;
  transaction.beginChange();
  if (transaction.isLogged) undoLog.saveRecords(store.id, bounds);
  writer.delete(store.id, bounds, store.maintainedIds);
}

/** https://w3c.github.io/IndexedDB/#clear-an-object-store */
export function clearStore(transaction: Transaction, store: ObjectStore): void {
  deleteRecords(transaction, store, EVERYTHING);
}

function checkedEntries(
  transaction: Transaction,
  store: ObjectStore,
  value: unknown,
  key: Key,
): IndexEntry[] {
  const { reader } = transaction.storage.file;
  const entries: IndexEntry[] = [];
  for (const { id, name, keyPath, multiEntry, unique } of store.maintained) {
    for (const entryKey of extractIndexKeys(value, keyPath, multiEntry)) {
      if (unique && reader.isTaken(id, entryKey, key)) {
        throw exception("ConstraintError", `The unique index '${name}' has this key already.`);
      }
      entries.push({ indexId: id, key: entryKey });
    }
  }
  return entries;
}

/** The highest number that a key generator gives: https://w3c.github.io/IndexedDB/#key-generator-construct */
const LAST_GENERATED = 2 ** 53;

/** A record's key, and what the key generator's current number becomes if the record can be stored. */
interface NewKey {
  readonly key: Key;
  readonly next: number | null;
}

function given(key: Key | null): NewKey {
  return { key: key!, next: null };
}

/**
 * https://w3c.github.io/IndexedDB/#generate-a-key, and with a key given
 * https://w3c.github.io/IndexedDB/#possibly-update-the-key-generator
 */
function generateKey(
  transaction: Transaction,
  store: ObjectStore,
  value: unknown,
  givenKey: Key | null,
): NewKey {
  const current = transaction.storage.file.writer.nextKey(store.id);
  if (givenKey === null) {
    if (current > LAST_GENERATED)
      throw exception("ConstraintError", "The key generator has given its last number.");
    const key = encodeNumber(current);
    if (typeof store.keyPath === "string") injectKey(value, key, store.keyPath);
    return { key, next: successor(current) };
  }
  const number = decodeKey(givenKey);
  if (typeof number !== "number" || number < current) return given(givenKey);
  return { key: givenKey, next: successor(Math.floor(Math.min(number, LAST_GENERATED))) };
}

/** There is no 2^53 + 1 among the numbers of JavaScript. */
function successor(number: number): number {
  return number < LAST_GENERATED ? number + 1 : number + 2;
}

function setNextKey(transaction: Transaction, store: ObjectStore, next: number): void {
  const { undoLog, writer } = transaction.storage.file;
  if (transaction.isLogged) undoLog.saveGenerator(store.id);
  writer.setNextKey(store.id, next);
}
