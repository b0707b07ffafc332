import type { DatabaseRow } from "../storage/catalog.ts";
import type { Connection } from "./connection.ts";
import { Index, ObjectStore } from "./schema.ts";
import type { Storage } from "./storage.ts";

/** https://w3c.github.io/IndexedDB/#database-construct */
export class Database {
  readonly storage: Storage;
  readonly name: string;
  readonly connections = new Set<Connection>();
  /** Null while the database does not exist in the file: before its first upgrade and after its deletion. */
  id: number | null;
  version: number;
  /** Replaced, not changed, by an upgrade, so that closed connections keep seeing what they saw. */
  stores: Map<string, ObjectStore>;
  #waiting: (() => void)[] = [];

  constructor(storage: Storage, { id, name, version }: Omit<DatabaseRow, "id"> & { id: number | null }) {
    this.storage = storage;
    this.id = id;
    this.name = name;
    this.version = version;
    this.stores = id === null ? new Map() : loadStores(storage, id);
  }

  /** The version in the file: an upgrade counts when it has been committed. */
  get committedVersion(): number {
    for (const connection of this.connections) if (connection.upgrade) return connection.oldVersion;
    return this.version;
  }

  /** Fulfilled when no connection is open but the given one. */
  async othersClosed(own: Connection | null): Promise<void> {
    while ([...this.connections].some((connection) => connection !== own)) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  connectionClosed(connection: Connection): void {
    this.connections.delete(connection);
    for (const resume of this.#waiting.splice(0)) resume();
  }

  /** https://w3c.github.io/IndexedDB/#closing-connection with the forced flag, for each connection */
  forceClose(): void {
    for (const connection of [...this.connections]) connection.forceClose();
  }
}

function loadStores({ file: { catalog } }: Storage, databaseId: number): Map<string, ObjectStore> {
  const stores = new Map<string, ObjectStore>();
  for (const row of catalog.stores(databaseId)) {
    const store = new ObjectStore(row.id, row.name, row.keyPath, row.autoIncrement);
    for (const indexRow of catalog.indexes(row.id)) {
      const index = new Index(indexRow.id, store, indexRow);
      store.indexes.set(index.name, index);
      store.maintained.add(index);
    }
    stores.set(store.name, store);
  }
  return stores;
}
