import type { DatabaseSync } from "node:sqlite";
import { after, type Key } from "../keys/key-encoding.ts";
import { extractIndexKeys } from "../keys/key-path.ts";
import { deserialize } from "../values/serialize.ts";
import { type Bounds, keyBounds } from "./bounds.ts";
import type { Catalog } from "./catalog.ts";
import type { RecordWriter } from "./record-writer.ts";

/**
 * Lets read-write transactions on different object stores run side by side, as the standard has it, although SQLite
 * knows only one transaction: they share it. Before one of them overwrites a record, what was there goes into the
 * table `undo`, in the same SQLite transaction. So one may abort (its stores are put back) while the others go on; and
 * when one commits, what the others have done so far is committed together with what undoes it. If the process dies
 * then, the next one finds their rows here and takes their unfinished work back before anything is read.
 */
export class UndoLog {
  readonly #catalog: Catalog;
  readonly #writer: RecordWriter;
  readonly #saveRecords;
  readonly #saveAbsence;
  readonly #saveGenerator;
  readonly #latest;
  readonly #drop;
  readonly #forget;
  readonly #unfinished;

  constructor(connection: DatabaseSync, catalog: Catalog, writer: RecordWriter) {
    this.#catalog = catalog;
    this.#writer = writer;
    this.#saveRecords = connection.prepare(
      `INSERT INTO undo (store_id, key, value)
       SELECT store_id, key, value FROM record WHERE store_id = ? AND key >= ? AND key < ?`,
    );
    this.#saveAbsence = connection.prepare("INSERT INTO undo (store_id, key) VALUES (?, ?)");
    this.#saveGenerator = connection.prepare(
      "INSERT INTO undo (store_id, value) SELECT id, next_key FROM object_store WHERE id = ?",
    );
    this.#latest = connection.prepare("SELECT * FROM undo WHERE store_id = ? ORDER BY sequence DESC LIMIT 1");
    this.#drop = connection.prepare("DELETE FROM undo WHERE sequence = ?");
    this.#forget = connection.prepare("DELETE FROM undo WHERE store_id = ?");
    this.#unfinished = connection.prepare("SELECT DISTINCT store_id AS id FROM undo");
  }

  /** Keeps what is within the bounds: to be called before it is overwritten or deleted. */
  saveRecords(storeId: number, { lower, upper }: Bounds): void {
    this.#saveRecords.run(storeId, lower, upper);
  }

  /** Notes that there is no such record: to be called before it is added. */
  saveAbsence(storeId: number, key: Key): void {
    this.#saveAbsence.run(storeId, key);
  }

  saveGenerator(storeId: number): void {
    this.#saveGenerator.run(storeId);
  }

  /** The stores with unfinished work in them, right after opening a file that was not closed in peace. */
  unfinishedStores(): number[] {
    return this.#unfinished.all().map((row) => Number(row.id));
  }

  /** The transaction is about to be committed: there will be nothing to undo. */
  forget(storeIds: Iterable<number>): void {
    for (const id of storeIds) this.#forget.run(id);
  }

  /** Puts the stores back to what they were before their transaction, newest change first. */
  undo(storeIds: Iterable<number>): void {
    for (const id of storeIds) this.#undoStore(id);
  }

  #undoStore(storeId: number): void {
    const indexes = this.#catalog.indexes(storeId);
    const indexIds = indexes.map(({ id }) => id);
    for (let row = this.#latest.get(storeId); row; row = this.#latest.get(storeId)) {
      this.#drop.run(Number(row.sequence));
      if (row.key === null) {
        this.#writer.setNextKey(storeId, Number(row.value));
        continue;
      }
      const key = Buffer.from(row.key as Uint8Array);
      this.#writer.delete(storeId, keyBounds(key, after(key)), indexIds);
      if (row.value === null) continue;
      const bytes = row.value as Uint8Array;
      this.#writer.put(storeId, key, bytes);
      if (indexes.length === 0) continue;
      const value = deserialize(bytes);
      for (const { id, keyPath, multiEntry } of indexes) {
        for (const entry of extractIndexKeys(value, keyPath, multiEntry)) {
          this.#writer.enter({ indexId: id, key: entry }, key);
        }
      }
    }
  }
}
