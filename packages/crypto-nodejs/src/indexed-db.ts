/**
 * The engine finds its database through globals, as in a browser. This is the only file that writes any: when a store
 * is opened, non-enumerable, and only the names which the WASM reads (its import table lists them). The factory among
 * them looks at the prefix of a database's name and hands the call to the file it stands for, so that one process can
 * hold many stores.
 */
import { openIndexedDB } from "indexeddb-sqlite";

type IndexedDBFile = ReturnType<typeof openIndexedDB>;

interface Factory {
  open(name: string, version?: number): unknown;
}

interface Interface {
  readonly prototype: object;
}

const INTERFACES = [
  "IDBKeyRange",
  "IDBDatabase",
  "IDBRequest",
  "IDBOpenDBRequest",
  "IDBCursor",
  "IDBCursorWithValue",
] as const;

const PREFIX = "matrix-sdk-crypto-nodejs:";

/** What all copies of this package in a process share: they have one engine and one set of globals between them. */
interface Host {
  readonly openIndexedDB: typeof openIndexedDB;
  /** Open files by the prefix of their databases' names. */
  readonly files: Map<string, IndexedDBFile>;
  /** Stores in use; the value settles when the store is free again, if it is being closed. */
  readonly held: Map<string, Promise<void> | "open">;
  mounts: number;
  /** What we put at `globalThis.indexedDB`. */
  factory?: Factory;
}

const globals = globalThis as unknown as Record<string | symbol, unknown>;
const HOST = Symbol.for("matrix-sdk-crypto-nodejs.host.1");

const own: Host = { openIndexedDB, files: new Map(), held: new Map(), mounts: 0 };
if (!globals[HOST]) define(HOST, own);
const host = globals[HOST] as Host;

export const { held } = host;

export interface MountedFile {
  readonly file: IndexedDBFile;
  /** For the engine, as the name of its store. */
  readonly name: string;
  close(): void;
}

/** Opens the file and makes it reachable for the engine. */
export function mount(path: string): MountedFile {
  const file = host.openIndexedDB(path);
  // Left to another factory, the engine would find nothing and open a new account there.
  if (!host.factory || globals.indexedDB !== host.factory) install(file);
  const prefix = `${PREFIX}${++host.mounts}/`;
  host.files.set(prefix, file);
  return {
    file,
    name: `${prefix}crypto`,
    close() {
      host.files.delete(prefix);
      file.close();
    },
  };
}

/**
 * Where somebody else's IndexedDB is there already, it stays: it gets the names that are not ours, its classes know our
 * objects as theirs, and key ranges are ours, which then work on both sides.
 */
function install(file: IndexedDBFile): void {
  for (const name of INTERFACES) {
    const ours: Interface = file[name];
    const theirs = globals[name] as Interface | undefined;
    if (theirs === ours) continue;
    if (theirs) recognise(theirs, ours);
    if (!theirs || name === "IDBKeyRange") define(name, ours);
  }
  host.factory = route(globals.indexedDB as Factory | undefined);
  define("indexedDB", host.factory);
}

function recognise(theirs: Interface, ours: Interface): void {
  const value = (object: unknown) =>
    [theirs, ours].some(({ prototype }) => Object.prototype.isPrototypeOf.call(prototype, object as object));
  Object.defineProperty(theirs, Symbol.hasInstance, { value, configurable: true });
}

function route(theirs: Factory | undefined): Factory {
  const open = (name: string, version?: number): unknown => {
    if (!name.startsWith(PREFIX) && theirs) return theirs.open(name, version);
    const end = name.indexOf("/") + 1;
    const file = host.files.get(name.slice(0, end));
    if (!file) throw new Error(`no store is open under the database name ${JSON.stringify(name)}`);
    return file.indexedDB.open(name.slice(end), version);
  };
  if (!theirs) return { open };
  return new Proxy(theirs, {
    get(_, name) {
      if (name === "open") return open;
      const member: unknown = Reflect.get(theirs, name, theirs);
      return typeof member === "function" ? member.bind(theirs) : member;
    },
  });
}

function define(name: string | symbol, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true, enumerable: false });
}
