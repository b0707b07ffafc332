import { deleteDatabase } from "../engine/delete-database.ts";
import { openDatabase } from "../engine/open-database.ts";
import { Request } from "../engine/request.ts";
import type { Storage } from "../engine/storage.ts";
import { requireKey } from "../keys/key.ts";
import { assertInternal, defineInterface, enforceUnsignedLongLong, INTERNAL } from "../webidl.ts";
import type { IDBDatabase } from "./idb-database.ts";
import { IDBOpenDBRequest } from "./idb-request.ts";

export interface IDBDatabaseInfo {
  name: string;
  version: number;
}

/** https://w3c.github.io/IndexedDB/#factory-interface */
export class IDBFactory {
  readonly #storage: Storage;

  constructor(token?: symbol, storage?: Storage) {
    assertInternal(token);
    this.#storage = storage!;
  }

  open(name: string, version?: number): IDBOpenDBRequest<IDBDatabase> {
    const text = `${name}`;
    const number = version === undefined ? null : enforceUnsignedLongLong(version, "The version", 1);
    return this.#enqueue(text, (request) => openDatabase(this.#storage, text, number, request));
  }

  deleteDatabase(name: string): IDBOpenDBRequest<undefined> {
    const text = `${name}`;
    return this.#enqueue(text, (request) => deleteDatabase(this.#storage, text, request));
  }

  async databases(): Promise<IDBDatabaseInfo[]> {
    return Array.from(this.#storage.databases.values(), ({ name, committedVersion }) => ({
      name,
      version: committedVersion,
    })).filter(({ version }) => version > 0);
  }

  cmp(first: unknown, second: unknown): -1 | 0 | 1 {
    if (!(#storage in this)) throw new TypeError("Illegal invocation");
    return requireKey(first).compare(requireKey(second));
  }

  #enqueue<T>(name: string, process: (request: Request) => Promise<void>): IDBOpenDBRequest<T> {
    const request = new Request(null, null);
    const handle = new IDBOpenDBRequest<T>(INTERNAL, request);
    request.handle = handle;
    this.#storage.enqueue(name, () => process(request));
    return handle;
  }
}

defineInterface(IDBFactory, { open: 1, deleteDatabase: 1, cmp: 2 });
