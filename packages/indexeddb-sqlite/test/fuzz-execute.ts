import type {
  IDBCursorWithValue,
  IDBDatabase,
  IDBFactory,
  IDBKeyRange,
  IDBRecord,
  IDBRequest,
  IDBTransaction,
} from "../src/index.ts";
import type { CursorStep, Operation, Program, Query, TransactionProgram } from "./fuzz-programs.ts";

export interface Implementation {
  indexedDB: IDBFactory;
  IDBKeyRange: typeof IDBKeyRange;
}

/** What happened, in an order that does not depend on how independent transactions take turns. */
export interface Report {
  upgrade: string;
  transactions: unknown[][];
  contents: unknown;
}

const STORES: { name: string; options?: { keyPath?: string | string[]; autoIncrement?: boolean } }[] = [
  { name: "plain" },
  { name: "inline", options: { keyPath: "id" } },
  { name: "generated", options: { keyPath: "id", autoIncrement: true } },
];

/** Runs a program: all its transactions are created at once, so they overlap and wait for each other. */
export async function execute(
  implementation: Implementation,
  name: string,
  program: Program,
): Promise<Report> {
  const { indexedDB } = implementation;
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => createStores(request.result, program);
  const upgrade = await outcome(request);
  if (upgrade !== "success") return { upgrade, transactions: [], contents: null };
  const database = request.result;
  const transactions = await Promise.all(
    program.transactions.map((each) => run(implementation, database, each)),
  );
  const contents = await dump(database);
  database.close();
  await outcome(indexedDB.deleteDatabase(name));
  return { upgrade, transactions, contents };
}

function createStores(database: IDBDatabase, program: Program): void {
  const stores = STORES.map(({ name, options }) => database.createObjectStore(name, options));
  for (const { store, value, key } of program.seed) {
    attempt(() => stores[store]!.add(value, store === 0 ? key : undefined)).addEventListener?.(
      "error",
      prevent,
    );
  }
  for (const store of stores) {
    store.createIndex("a", "a");
    store.createIndex("unique", "v", { unique: true });
    store.createIndex("multi", "m", { multiEntry: true });
    store.createIndex("pair", ["v", "a"]);
  }
}

function run(
  { IDBKeyRange }: Implementation,
  database: IDBDatabase,
  { mode, scope, operations, end }: TransactionProgram,
): Promise<unknown[]> {
  const log: unknown[] = [];
  const transaction = database.transaction(
    scope.map((store) => STORES[store]!.name),
    mode,
  );
  let waiting = 0;

  function start(operation: Operation): void {
    let request: IDBRequest;
    try {
      request = call(transaction, operation, IDBKeyRange);
    } catch (error) {
      log.push([operation.call, "threw", nameOf(error)]);
      return;
    }
    waiting++;
    const entry: unknown[] = [operation.call];
    log.push(entry);
    const steps = "steps" in operation ? [...operation.steps] : null;
    request.onsuccess = () => {
      if (steps !== null && !step(request, steps, entry)) return;
      if (steps === null) entry.push(plain(request.result));
      for (const each of operation.nested) start(each);
      settle();
    };
    request.onerror = (event) => {
      entry.push(nameOf(request.error));
      if (!operation.prevents) return; // the transaction aborts
      event.preventDefault();
      settle();
    };
  }

  function settle(): void {
    if (--waiting > 0 || !end.endsWith("when done")) return;
    log.push(attempted(() => (end === "abort when done" ? transaction.abort() : transaction.commit())));
  }

  return new Promise((resolve) => {
    transaction.oncomplete = () => resolve([...log, "complete"]);
    transaction.onabort = () => resolve([...log, "abort", transaction.error && nameOf(transaction.error)]);
    for (const operation of operations) start(operation);
    if (end === "abort") transaction.abort();
  });
}

function call(transaction: IDBTransaction, operation: Operation, ranges: typeof IDBKeyRange): IDBRequest {
  const store = transaction.objectStore(STORES[operation.store]!.name);
  const source = operation.index === null ? store : store.index(operation.index);
  switch (operation.call) {
    case "put":
    case "add":
      return store[operation.call](valueFor(operation), operation.store === 0 ? operation.key : undefined);
    case "delete":
      return store.delete(toQuery(operation.query, ranges));
    case "clear":
      return store.clear();
    case "getAll":
    case "getAllKeys": {
      const query = toQuery(operation.query, ranges);
      // an object that is no key is a set of options, whose count is the only one; the fake falls back to the argument
      return source[operation.call](query, isPlainObject(query) ? undefined : operation.count);
    }
    case "getAllRecords": {
      const options = { query: toQuery(operation.query, ranges), direction: operation.direction };
      return source.getAllRecords({ ...options, count: operation.count } as object);
    }
    case "openCursor":
    case "openKeyCursor":
      return source[operation.call](toQuery(operation.query, ranges), operation.direction as "next");
    default:
      return source[operation.call](toQuery(operation.query, ranges));
  }
}

/** No numbers are given to the key generator's store: fake-indexeddb forgets to put the generator back on abort. */
function valueFor({ store, value }: { store: number; value: unknown }): unknown {
  if (store !== 2 || typeof value !== "object" || value === null || !("id" in value)) return value;
  return typeof value.id === "number" ? { ...value, id: `${value.id}` } : value;
}

function toQuery(query: Query, ranges: typeof IDBKeyRange): unknown {
  switch (query.kind) {
    case "none":
      return undefined;
    case "key":
      return query.key;
    case "lower":
      return ranges.lowerBound(query.key, query.open);
    case "upper":
      return ranges.upperBound(query.key, query.open);
    case "bound":
      return ranges.bound(query.lower, query.upper, query.lowerOpen, query.upperOpen);
  }
}

/** Notes where the cursor is and does the next steps until one moves it. Says whether the walk is over. */
function step(request: IDBRequest, steps: CursorStep[], entry: unknown[]): boolean {
  const cursor = request.result as IDBCursorWithValue | null;
  entry.push(cursor && [cursor.key, cursor.primaryKey, cursor.value]);
  if (cursor === null) return true;
  for (let next = steps.shift(); next !== undefined; next = steps.shift()) {
    const result = attempted(() => act(cursor, next as CursorStep, entry));
    if (result !== "done") entry.push(result);
    else if (next.do !== "delete" && next.do !== "update") return false;
  }
  return true;
}

function act(cursor: IDBCursorWithValue, step: CursorStep, entry: unknown[]): void {
  switch (step.do) {
    case "continue":
      cursor.continue();
      break;
    case "continueTo":
      cursor.continue(step.key);
      break;
    case "continuePrimary":
      cursor.continuePrimaryKey(step.key, step.primaryKey);
      break;
    case "advance":
      cursor.advance(step.count);
      break;
    case "delete":
      note(cursor.delete(), step.do, entry);
      break;
    case "update":
      note(cursor.update(step.value), step.do, entry);
  }
}

function note(request: IDBRequest, what: string, entry: unknown[]): void {
  request.onsuccess = () => entry.push([what, request.result]);
  request.onerror = (event) => {
    entry.push([what, nameOf(request.error)]);
    event.preventDefault();
  };
}

async function dump(database: IDBDatabase): Promise<unknown> {
  const transaction = database.transaction(STORES.map(({ name }) => name));
  const requests = STORES.flatMap(({ name }) => {
    const store = transaction.objectStore(name);
    const indexes = Array.from(store.indexNames, (index) => store.index(index));
    return [store, ...indexes].flatMap((source) => [source.getAll(), source.getAllKeys()]);
  });
  await new Promise((resolve) => {
    transaction.oncomplete = resolve;
  });
  return requests.map(({ result }) => result);
}

const isPlainObject = (value: unknown): boolean =>
  typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;

/** The records of getAllRecords() as plain objects. */
function plain(result: unknown): unknown {
  if (!Array.isArray(result) || Object.prototype.toString.call(result[0]) !== "[object IDBRecord]")
    return result;
  return result.map(({ key, primaryKey, value }: IDBRecord) => ({ key, primaryKey, value }));
}

function outcome(request: IDBRequest): Promise<string> {
  return new Promise((resolve) => {
    request.onsuccess = () => resolve("success");
    request.onerror = (event) => {
      event.preventDefault();
      resolve(nameOf(request.error));
    };
  });
}

function attempted(action: () => void): string {
  try {
    action();
    return "done";
  } catch (error) {
    return nameOf(error);
  }
}

function attempt(action: () => IDBRequest): Partial<IDBRequest> {
  try {
    return action();
  } catch {
    return {};
  }
}

function prevent(event: Event): void {
  event.preventDefault();
}

function nameOf(error: unknown): string {
  return error instanceof Error ? error.name : `${error}`;
}
