import type { DatabaseSync } from "node:sqlite";
import type { Key } from "../keys/key-encoding.ts";
import type { Bounds } from "./bounds.ts";

/** An entry that an index gets for a record. */
export interface IndexEntry {
  readonly indexId: number;
  readonly key: Key;
}

/** Changes records and their index entries, nothing else: constraints are the caller's to check before. */
export class RecordWriter {
  readonly #put;
  readonly #delete;
  readonly #enter;
  readonly #withdraw;
  readonly #nextKey;
  readonly #setNextKey;

  constructor(connection: DatabaseSync) {
    const prepare = (sql: string) => connection.prepare(sql);
    this.#put = prepare(
      "INSERT INTO record VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
    );
    this.#delete = prepare("DELETE FROM record WHERE store_id = ? AND key >= ? AND key < ?");
    this.#enter = prepare("INSERT OR IGNORE INTO index_record VALUES (?, ?, ?)");
    this.#withdraw = prepare(
      "DELETE FROM index_record WHERE index_id = ? AND primary_key >= ? AND primary_key < ?",
    );
    this.#nextKey = prepare("SELECT next_key AS next FROM object_store WHERE id = ?");
    this.#setNextKey = prepare("UPDATE object_store SET next_key = ? WHERE id = ?");
  }

  put(storeId: number, key: Key, value: Uint8Array): void {
    this.#put.run(storeId, key, value);
  }

  /** Deletes the records within the bounds, and what these indexes list of them. */
  delete(storeId: number, bounds: Bounds, indexIds: readonly number[]): void {
    this.#delete.run(storeId, bounds.lower, bounds.upper);
    this.withdraw(bounds, indexIds);
  }

  /** Deletes what these indexes list of the records within the bounds. */
  withdraw(bounds: Bounds, indexIds: readonly number[]): void {
    for (const indexId of indexIds) this.#withdraw.run(indexId, bounds.lower, bounds.upper);
  }

  enter({ indexId, key }: IndexEntry, primaryKey: Key): void {
    this.#enter.run(indexId, key, primaryKey);
  }

  /** https://w3c.github.io/IndexedDB/#key-generator-current-number */
  nextKey(storeId: number): number {
    return Number(this.#nextKey.get(storeId)?.next);
  }

  setNextKey(storeId: number, next: number): void {
    this.#setNextKey.run(next, storeId);
  }
}
