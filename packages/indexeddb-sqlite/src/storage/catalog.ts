import type { DatabaseSync } from "node:sqlite";
import type { KeyPath } from "../keys/key-path.ts";

export interface StoreRow {
  readonly id: number;
  readonly name: string;
  readonly keyPath: KeyPath | null;
  readonly autoIncrement: boolean;
}

export interface IndexRow {
  readonly id: number;
  readonly storeId: number;
  readonly name: string;
  readonly keyPath: KeyPath;
  readonly unique: boolean;
  readonly multiEntry: boolean;
}

export interface DatabaseRow {
  readonly id: number;
  readonly name: string;
  readonly version: number;
}

/** The names and shapes of databases, object stores and indexes, as kept in the file. */
export class Catalog {
  readonly #connection: DatabaseSync;

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
  }

  databases(): DatabaseRow[] {
    return this.#all("SELECT id, name, version FROM database").map((row) => ({
      id: Number(row.id),
      name: JSON.parse(`${row.name}`),
      version: Number(row.version),
    }));
  }

  createDatabase(name: string): number {
    return this.#insert("INSERT INTO database (name, version) VALUES (?, 0)", JSON.stringify(name));
  }

  setVersion(databaseId: number, version: number): void {
    this.#run("UPDATE database SET version = ? WHERE id = ?", version, databaseId);
  }

  deleteDatabase(databaseId: number): void {
    for (const { id } of this.stores(databaseId)) this.deleteStore(id);
    this.#run("DELETE FROM database WHERE id = ?", databaseId);
  }

  stores(databaseId: number): StoreRow[] {
    return this.#all("SELECT * FROM object_store WHERE database_id = ?", databaseId).map((row) => ({
      id: Number(row.id),
      name: JSON.parse(`${row.name}`),
      keyPath: JSON.parse(`${row.key_path}`),
      autoIncrement: row.next_key !== null,
    }));
  }

  indexes(storeId: number): IndexRow[] {
    return this.#all("SELECT * FROM object_index WHERE store_id = ?", storeId).map((row) => ({
      id: Number(row.id),
      storeId,
      name: JSON.parse(`${row.name}`),
      keyPath: JSON.parse(`${row.key_path}`),
      unique: row.is_unique === 1,
      multiEntry: row.multi_entry === 1,
    }));
  }

  createStore(databaseId: number, { name, keyPath, autoIncrement }: Omit<StoreRow, "id">): number {
    return this.#insert(
      "INSERT INTO object_store (database_id, name, key_path, next_key) VALUES (?, ?, ?, ?)",
      databaseId,
      JSON.stringify(name),
      JSON.stringify(keyPath),
      autoIncrement ? 1 : null,
    );
  }

  renameStore(storeId: number, name: string): void {
    this.#run("UPDATE object_store SET name = ? WHERE id = ?", JSON.stringify(name), storeId);
  }

  deleteStore(storeId: number): void {
    for (const { id } of this.indexes(storeId)) this.deleteIndex(id);
    this.#run("DELETE FROM record WHERE store_id = ?", storeId);
    this.#run("DELETE FROM object_store WHERE id = ?", storeId);
  }

  createIndex({ storeId, name, keyPath, unique, multiEntry }: Omit<IndexRow, "id">): number {
    return this.#insert(
      "INSERT INTO object_index (store_id, name, key_path, is_unique, multi_entry) VALUES (?, ?, ?, ?, ?)",
      storeId,
      JSON.stringify(name),
      JSON.stringify(keyPath),
      Number(unique),
      Number(multiEntry),
    );
  }

  renameIndex(indexId: number, name: string): void {
    this.#run("UPDATE object_index SET name = ? WHERE id = ?", JSON.stringify(name), indexId);
  }

  deleteIndex(indexId: number): void {
    this.#run("DELETE FROM index_record WHERE index_id = ?", indexId);
    this.#run("DELETE FROM object_index WHERE id = ?", indexId);
  }

  #all(sql: string, ...parameters: (number | string)[]): Record<string, unknown>[] {
    return this.#connection.prepare(sql).all(...parameters);
  }

  #run(sql: string, ...parameters: (number | string)[]): void {
    this.#connection.prepare(sql).run(...parameters);
  }

  #insert(sql: string, ...parameters: (number | string | null)[]): number {
    return Number(this.#connection.prepare(sql).run(...parameters).lastInsertRowid);
  }
}
