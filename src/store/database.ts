import { DatabaseSync, type StatementSync } from "node:sqlite";
import { SottoError } from "../errors.ts";
import { MIGRATIONS } from "./migrations.ts";

export type Row = Record<string, string | number | bigint | null | Uint8Array>;

/** One SQLite file, opened once, with prepared statements kept by their text. */
export interface Database {
  run(sql: string, ...values: Value[]): number;
  get(sql: string, ...values: Value[]): Row | undefined;
  all(sql: string, ...values: Value[]): Row[];
  /** All or nothing, durable when it returns. */
  transaction<T>(work: () => T): T;
  /**
   * The same, but on the disk only with the next durable write, and in order with it: for what may be lost to a power
   * cut as long as nothing later survives. A killed process loses nothing.
   */
  soon<T>(work: () => T): T;
  close(): void;
}
type Value = string | number | null | Uint8Array;

const SQLITE_BUSY = 5;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;

/** Throws `STORE_HELD`, `STORE_DAMAGED`, `STORE_NEWER` or `DISK_FULL`. */
export function openDatabase(path: string): Database {
  let sqlite: DatabaseSync | undefined;
  try {
    sqlite = new DatabaseSync(path);
    sqlite.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    migrate(sqlite);
    return wrap(sqlite);
  } catch (thrown) {
    sqlite?.close();
    throw storeError(thrown);
  }
}

function migrate(sqlite: DatabaseSync): void {
  const version = Number(sqlite.prepare("PRAGMA user_version").get()?.user_version);
  if (version > MIGRATIONS.length) {
    throw new SottoError(
      "STORE_NEWER",
      `the store has version ${version}, this Sotto knows ${MIGRATIONS.length}`,
    );
  }
  MIGRATIONS.slice(version).forEach((sql, index) => {
    sqlite.exec(`BEGIN IMMEDIATE; ${sql}; PRAGMA user_version = ${version + index + 1}; COMMIT`);
  });
}

function wrap(sqlite: DatabaseSync): Database {
  const statements = new Map<string, StatementSync>();
  const prepare = (sql: string): StatementSync => {
    let statement = statements.get(sql);
    if (!statement) {
      statement = sqlite.prepare(sql);
      statements.set(sql, statement);
    }
    return statement;
  };
  const guarded = <T>(work: () => T): T => {
    try {
      return work();
    } catch (thrown) {
      throw storeError(thrown);
    }
  };
  let depth = 0;
  const transaction = <T>(work: () => T): T => {
    if (depth > 0) return work();
    depth = 1;
    try {
      guarded(() => sqlite.exec("BEGIN IMMEDIATE"));
      const result = work();
      guarded(() => sqlite.exec("COMMIT"));
      return result;
    } catch (thrown) {
      if (sqlite.isTransaction) sqlite.exec("ROLLBACK");
      throw thrown;
    } finally {
      depth = 0;
    }
  };
  return {
    run: (sql, ...values) => guarded(() => Number(prepare(sql).run(...values).lastInsertRowid)),
    get: (sql, ...values) => guarded(() => prepare(sql).get(...values) as Row | undefined),
    all: (sql, ...values) => guarded(() => prepare(sql).all(...values) as Row[]),
    transaction,
    soon(work) {
      if (depth > 0) return work();
      sqlite.exec("PRAGMA synchronous = NORMAL");
      try {
        return transaction(work);
      } finally {
        sqlite.exec("PRAGMA synchronous = FULL");
      }
    },
    close: () => sqlite.close(),
  };
}

function storeError(thrown: unknown): unknown {
  const errcode = (thrown as { errcode?: number }).errcode;
  switch (errcode === undefined ? undefined : errcode & 0xff) {
    case SQLITE_BUSY:
      return new SottoError("STORE_HELD", "the store is held by another process", { cause: thrown });
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return new SottoError("STORE_DAMAGED", "the store's file is damaged", { cause: thrown });
    case SQLITE_READONLY:
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      return new SottoError("STORE_UNUSABLE", "the store's file cannot be read or written", {
        cause: thrown,
      });
    case SQLITE_FULL:
      return new SottoError("DISK_FULL", "the disk is full", { cause: thrown });
    default:
      return thrown;
  }
}
