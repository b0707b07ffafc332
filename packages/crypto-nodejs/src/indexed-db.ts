/**
 * The engine finds its database through globals, as in a browser. This is the only file that writes any: once, on the
 * first store that is opened, non-enumerable, and only the names which the WASM reads (its import table lists them).
 * The factory among them looks at the prefix of a database's name and hands the call to the file it stands for, so
 * that one process can hold many stores.
 */
import type { openIndexedDB } from "./fake-backend.ts";

export type IndexedDBFile = ReturnType<typeof openIndexedDB>;

const INTERFACES = [
  "IDBKeyRange",
  "IDBDatabase",
  "IDBRequest",
  "IDBOpenDBRequest",
  "IDBCursor",
  "IDBCursorWithValue",
] as const;

const PREFIX = "matrix-sdk-crypto-nodejs:";

const files = new Map<string, IndexedDBFile>();
let mounts = 0;
let installed = false;

/** Makes an open file reachable for the engine. `name` is what to give it as the name of its store. */
export function mount(file: IndexedDBFile): { name: string; unmount(): void } {
  install(file);
  const prefix = `${PREFIX}${++mounts}/`;
  files.set(prefix, file);
  return { name: `${prefix}crypto`, unmount: () => files.delete(prefix) };
}

function install(file: IndexedDBFile): void {
  if (installed) return;
  for (const name of INTERFACES) define(name, (file as Record<string, unknown>)[name]);
  define("indexedDB", { open });
  installed = true;
}

function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: false });
}

function open(name: string, version?: number): unknown {
  const end = name.indexOf("/") + 1;
  const file = files.get(name.slice(0, end));
  if (!file) throw new Error(`no store is open under the database name ${JSON.stringify(name)}`);
  return file.indexedDB.open(name.slice(end), version);
}
