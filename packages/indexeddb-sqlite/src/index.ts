import { Storage } from "./engine/storage.ts";
import { DOMStringList } from "./interfaces/dom-string-list.ts";
import { IDBCursor, IDBCursorWithValue } from "./interfaces/idb-cursor.ts";
import { IDBDatabase } from "./interfaces/idb-database.ts";
import { IDBFactory } from "./interfaces/idb-factory.ts";
import { IDBIndex } from "./interfaces/idb-index.ts";
import { IDBKeyRange } from "./interfaces/idb-key-range.ts";
import { IDBObjectStore } from "./interfaces/idb-object-store.ts";
import { IDBRecord } from "./interfaces/idb-record.ts";
import { IDBOpenDBRequest, IDBRequest } from "./interfaces/idb-request.ts";
import { IDBTransaction } from "./interfaces/idb-transaction.ts";
import { IDBVersionChangeEvent } from "./interfaces/idb-version-change-event.ts";
import { INTERNAL } from "./webidl.ts";

export { StoreError, type StoreErrorCode } from "./errors.ts";
export type { IDBObjectStoreParameters, IDBTransactionOptions } from "./interfaces/idb-database.ts";
export type { IDBDatabaseInfo } from "./interfaces/idb-factory.ts";
export type { IDBIndexParameters } from "./interfaces/idb-object-store.ts";
export type { IDBVersionChangeEventInit } from "./interfaces/idb-version-change-event.ts";
export type { IDBGetAllOptions } from "./interfaces/source-requests.ts";
export type { IDBValidKey } from "./keys/key.ts";
export type { IDBCursorDirection } from "./storage/bounds.ts";

/** The interfaces of the standard: the same objects for every file, so `instanceof` works across files. */
export const interfaces = {
  DOMStringList,
  IDBCursor,
  IDBCursorWithValue,
  IDBDatabase,
  IDBFactory,
  IDBIndex,
  IDBKeyRange,
  IDBObjectStore,
  IDBOpenDBRequest,
  IDBRecord,
  IDBRequest,
  IDBTransaction,
  IDBVersionChangeEvent,
} as const;

export {
  DOMStringList,
  IDBCursor,
  IDBCursorWithValue,
  IDBDatabase,
  IDBFactory,
  IDBIndex,
  IDBKeyRange,
  IDBObjectStore,
  IDBOpenDBRequest,
  IDBRecord,
  IDBRequest,
  IDBTransaction,
  IDBVersionChangeEvent,
};

export type OpenIndexedDB = typeof interfaces & {
  readonly indexedDB: IDBFactory;
  /** Aborts what still runs, closes all connections and gives the file free. */
  close(): void;
  [Symbol.dispose](): void;
};

/**
 * Opens or creates the file and takes it into possession: nobody else can open it until close() or the end of the
 * process. Touches no global. Throws a StoreError whose code says why if the file cannot be used.
 */
export function openIndexedDB(path: string): OpenIndexedDB {
  const storage = new Storage(path);
  const close = () => storage.close();
  return { ...interfaces, indexedDB: new IDBFactory(INTERNAL, storage), close, [Symbol.dispose]: close };
}
