import { closeSync, existsSync, openSync, readSync } from "node:fs";
import { resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import { SottoError } from "../errors.ts";
import type { ForeignDatabase } from "./foreign-database.ts";

/** A statement holds back what its program wants to tidy up: it lasts for so many rows. */
const ROWS_AT_A_TIME = 500;
/** How long to wait while the other program writes. */
const BUSY_MS = 10_000;
/** SQLite's file format, section 1.3: bytes 18 and 19 say which journal is used; 2 is the write-ahead log. */
const JOURNAL_AT = 18;
const WAL = 2;

/** @throws SottoError `DATABASE_UNREADABLE` */
export function openForeignSqlite(path: string): ForeignDatabase {
  const sqlite = open(path);
  return {
    async *rows() {
      try {
        for (const { name, hasRowId } of tablesOf(sqlite)) {
          for (const rows of rowsOf(sqlite, name, hasRowId)) yield { table: name, rows };
        }
      } catch (thrown) {
        throw notRead(path, thrown);
      }
    },
    async get(sql, ...values) {
      try {
        return sqlite.prepare(sql).get(...values);
      } catch (thrown) {
        if (/no such (?:table|column)/.test(String(thrown))) return undefined;
        throw notRead(path, thrown);
      }
    },
    close: async () => sqlite.close(),
  };
}

/** By SQLite's own words for its result codes. https://www.sqlite.org/rescode.html */
const CURES: readonly [says: RegExp, cure: string][] = [
  [/not a database/, "name the homeserver's SQLite file: database.args.database in homeserver.yaml"],
  [/is locked/, "run it again when the homeserver writes less"],
  [/malformed/, "let its own program repair it, or name a copy that is whole"],
];

function notRead(path: string, thrown: unknown): SottoError {
  const cause = thrown as Error;
  const [, cure = "run this as a user who may read it"] =
    CURES.find(([says]) => says.test(cause.message)) ?? [];
  return new SottoError("DATABASE_UNREADABLE", `cannot read ${path}`, { cause, cure });
}

function open(path: string): DatabaseSync {
  try {
    return new DatabaseSync(urlOf(path), { readOnly: true, timeout: BUSY_MS });
  } catch (cause) {
    const cure = "name the homeserver's SQLite file, and run this as a user who may read it";
    throw new SottoError("DATABASE_UNREADABLE", `cannot open ${path}`, { cause, cure });
  }
}

/**
 * SQLite's own reader leaves a -wal and a -shm behind where no other program has the file open, and they would be ours,
 * perhaps where that program cannot write. So the -shm is never written to; and without one, nobody writes the file.
 */
function urlOf(path: string): URL {
  const url = pathToFileURL(resolve(path));
  const header = Buffer.alloc(JOURNAL_AT + 1);
  const file = openSync(path, "r");
  try {
    readSync(file, header, 0, header.length, 0);
  } finally {
    closeSync(file);
  }
  if (header[JOURNAL_AT] === WAL)
    url.searchParams.set(existsSync(`${path}-shm`) ? "readonly_shm" : "immutable", "1");
  return url;
}

interface Table {
  name: string;
  hasRowId: boolean;
}

/** Those of an index for words too; a table that is made up by a module is made of them. */
const tablesOf = (sqlite: DatabaseSync): Table[] =>
  sqlite
    .prepare("SELECT name, wr FROM pragma_table_list WHERE schema = 'main' AND type IN ('table', 'shadow')")
    .all()
    .map(({ name, wr }) => ({ name: String(name), hasRowId: wr === 0 }));

function* rowsOf(sqlite: DatabaseSync, table: string, hasRowId: boolean): Generator<Uint8Array[][]> {
  const columns = sqlite
    .prepare("SELECT name FROM pragma_table_xinfo(?)")
    .all(table)
    .map(({ name }) => `CAST(${quoted(String(name))} AS BLOB)`)
    .join(", ");
  const from = `${columns} FROM ${quoted(table)}`;
  const bytesOf = (row: unknown): Uint8Array[] =>
    Object.values(row as object).filter((value) => value instanceof Uint8Array);
  if (!hasRowId) {
    yield sqlite.prepare(`SELECT ${from}`).all().map(bytesOf);
    return;
  }
  const next = sqlite.prepare(
    `SELECT _rowid_ AS "row's own", ${from} WHERE _rowid_ > ? ORDER BY _rowid_ LIMIT ${ROWS_AT_A_TIME}`,
  );
  next.setReadBigInts(true);
  for (let last = -(2n ** 63n); ; ) {
    const rows = next.all(last);
    if (rows.length === 0) return;
    yield rows.map(bytesOf);
    last = rows.at(-1)!["row's own"] as bigint;
  }
}

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
