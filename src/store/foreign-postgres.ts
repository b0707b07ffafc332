import pg from "pg";
import type { ForeignDatabase, ForeignRows } from "./foreign-database.ts";
import type { PostgresAddress } from "./postgres-address.ts";
import {
  LARGE_OBJECTS,
  lockOf,
  OID,
  pieceOfObject,
  piecesOf,
  rowsAtATime,
  selectOf,
  TABLES,
  type Table,
} from "./postgres-sql.ts";
import { cureOf, notOpened, notRead } from "./postgres-trouble.ts";

// Plain statements on one connection; the cursors are the server's own, and it keeps what is not read yet.

const PATIENCE_MS = 10_000;
/** Longer than the server lets a statement take: it is not there any more. */
const NO_ANSWER_MS = 90_000;

/**
 * Each reading is a transaction of its own that can write nothing, and ends soon: as long as it lasts, the server tidies
 * nothing up. All of this holds for the transaction alone, as poolers in between want it.
 */
const BEGIN = [
  "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
  "SET LOCAL statement_timeout = '60s'",
  "SET LOCAL lock_timeout = '10s'",
  "SET LOCAL idle_in_transaction_session_timeout = '10min'",
  // a policy would leave rows out without a word: now that is an error
  "SET LOCAL row_security = off",
  "SET LOCAL bytea_output = hex",
].join("; ");
/** Where each table is named in full: nobody else's function is taken for one of the server's. */
const BEGIN_LOOKING = `${BEGIN}; SET LOCAL search_path = pg_catalog`;

/** @throws SottoError `DATABASE_UNREADABLE` */
export async function openPostgres(address: PostgresAddress, password?: string): Promise<ForeignDatabase> {
  const { host, port, user, database, tls } = address;
  const client = new pg.Client({
    ...{ host, port, user, database, password, ssl: tls, application_name: "sotto" },
    ...{ connectionTimeoutMillis: PATIENCE_MS, query_timeout: NO_ANSWER_MS },
  });
  // whatever is asked of a lost connection fails and says so
  client.on("error", () => undefined);
  try {
    await client.connect();
  } catch (cause) {
    // it is open still where the server waits for another answer
    void client.end();
    throw notOpened(address, cause as Error);
  }
  return {
    rows: () => told(address, partsIn(client, address)),
    async get(sql, ...values) {
      let at = 0;
      const text = sql.replaceAll("?", () => `$${++at}`);
      try {
        await client.query(BEGIN);
        return (await client.query<Record<string, unknown>>({ text, values, types: NUMBERS })).rows[0];
      } catch (thrown) {
        if (NO_SUCH_TABLE.has((thrown as pg.DatabaseError).code!)) return undefined;
        throw notRead(address, thrown);
      } finally {
        await rollBack(client);
      }
    },
    close: () => client.end(),
  };
}

/** undefined_table, undefined_column, invalid_schema_name. https://www.postgresql.org/docs/current/errcodes-appendix.html */
const NO_SUCH_TABLE = new Set(["42P01", "42703", "3F000"]);

type Parsers = pg.CustomTypesConfig;
/** Values as the server writes them. */
const AS_WRITTEN = { getTypeParser: () => String } as unknown as Parsers;
/** int8, int2 and int4 as numbers, as SQLite has them. */
const NUMBERS = {
  getTypeParser: (oid: number) => ([20, 21, 23].includes(oid) ? Number : String),
} as unknown as Parsers;

async function ask(client: pg.Client, text: string, values: string[] = []): Promise<(string | null)[][]> {
  const question = { text, values, rowMode: "array" as const, types: AS_WRITTEN };
  return (await client.query<(string | null)[]>(question)).rows;
}

const rollBack = (client: pg.Client): Promise<unknown> => client.query("ROLLBACK").catch(() => undefined);

/** What fails of it is told as what it is: of a database that cannot be read. */
async function* told<T>(address: PostgresAddress, read: AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* read;
  } catch (thrown) {
    throw notRead(address, thrown);
  }
}

/** So often tables are listed again, whatever is done to them meanwhile. */
const ROUNDS = 10;

async function* partsIn(client: pg.Client, address: PostgresAddress): AsyncGenerator<ForeignRows> {
  const parts = async function* (): AsyncGenerator<ForeignRows> {
    const read = new Set<number>();
    const left = async () => (await tablesIn(client)).filter(({ oid }) => !read.has(oid));
    // homeservers drop and rename tables while they run: what was in them may be in another one by now
    for (let round = 0; round < ROUNDS; round += 1) {
      const tables = await left();
      for (const table of tables) if (yield* partsOf(client, address, table)) read.add(table.oid);
      if (tables.length === 0) break;
    }
    for (const table of await left())
      yield { table: namedOf(table), unread: "tables were made or changed again and again meanwhile" };
    yield* largeObjectsIn(client);
  };
  for await (const part of parts())
    yield "long" in part ? { ...part, long: () => told(address, part.long()) } : part;
}

async function* within<T>(client: pg.Client, read: AsyncIterable<T>): AsyncGenerator<T> {
  await client.query(BEGIN_LOOKING);
  try {
    yield* read;
  } finally {
    await rollBack(client);
  }
}

async function askCatalogue(
  client: pg.Client,
  text: string,
  values?: string[],
): Promise<(string | null)[][]> {
  await client.query(BEGIN_LOOKING);
  try {
    return await ask(client, text, values);
  } finally {
    await rollBack(client);
  }
}

const tablesIn = async (client: pg.Client): Promise<Table[]> =>
  (await askCatalogue(client, TABLES)).map(([table]) => JSON.parse(table!) as Table);

const namedOf = ({ schema, name }: Table): string => (schema === "public" ? name : `${schema}.${name}`);

/** Gives false where the table is not what was listed any more. */
async function* partsOf(
  client: pg.Client,
  address: PostgresAddress,
  table: Table,
): AsyncGenerator<ForeignRows, boolean> {
  const named = namedOf(table);
  if (table.isForeign) {
    const cure = "look through that database as well, in a run of its own";
    yield { table: named, unread: "its rows lie in another database", cure };
    return true;
  }
  await client.query(BEGIN_LOOKING);
  try {
    if (!(await isHeld(client, table))) return false;
    yield* rowsOf(client, table, named);
  } catch (thrown) {
    // what the server says no to; and it may say yes to the next table
    if (!(thrown instanceof pg.DatabaseError)) throw thrown;
    const cure = cureOf(address, thrown);
    yield { table: named, unread: thrown.message, ...(cure && { cure }) };
  } finally {
    await rollBack(client);
  }
  return true;
}

/** Holds the table as it was listed until the transaction ends; gives false if it was dropped, renamed or altered before. */
async function isHeld(client: pg.Client, table: Table): Promise<boolean> {
  try {
    // before there is a snapshot: rows that were written anew meanwhile are not in an older one
    if (!table.isView) await client.query(lockOf(table));
    await client.query(`DECLARE everything NO SCROLL CURSOR FOR ${selectOf(table)}`);
  } catch (thrown) {
    if (NO_SUCH_TABLE.has((thrown as pg.DatabaseError).code!)) return false;
    throw thrown;
  }
  const [row] = await ask(client, OID, [table.schema, table.name]);
  return Number(row![0]) === table.oid;
}

async function* rowsOf(client: pg.Client, table: Table, named: string): AsyncGenerator<ForeignRows> {
  const bytes = table.columns.map(({ kind }) => (kind === "bytes" ? bytesOf : Buffer.from));
  for (;;) {
    const rows = await ask(client, `FETCH ${rowsAtATime(table)} FROM everything`);
    if (rows.length === 0) return;
    const values = rows.map(([, , ...row]) =>
      row.flatMap((value, at) => (value === null ? [] : [bytes[at]!(value)])),
    );
    yield { table: named, rows: values };
    for (const [ctid, places] of rows) {
      for (const [place] of places!.matchAll(/\d+/g))
        yield {
          table: named,
          long: () => piecesAt(client, piecesOf(table, table.columns[Number(place)]!, ctid!)),
        };
    }
  }
}

/** As the server writes bytes: `\x` and hex. */
const bytesOf = (written: string): Buffer => Buffer.from(written.slice(2), "hex");

async function* piecesAt(client: pg.Client, select: string): AsyncGenerator<Uint8Array> {
  await client.query(`DECLARE pieces NO SCROLL CURSOR FOR ${select}`);
  try {
    for (;;) {
      const [row] = await ask(client, "FETCH 1 FROM pieces");
      if (!row) return;
      yield bytesOf(row[0]!);
    }
  } finally {
    await client.query("CLOSE pieces").catch(() => undefined);
  }
}

/** What programs keep beside their tables, by number: anybody may ask for the numbers. */
async function* largeObjectsIn(client: pg.Client): AsyncGenerator<ForeignRows> {
  for (let last = "0"; ; ) {
    const found = await askCatalogue(client, LARGE_OBJECTS, [last]);
    if (found.length === 0) return;
    for (const [oid] of found) {
      const long = () => within(client, piecesOfObject(client, oid!));
      yield { table: `pg_largeobject ${oid}`, long };
    }
    last = found.at(-1)![0]!;
  }
}

async function* piecesOfObject(client: pg.Client, oid: string): AsyncGenerator<Uint8Array> {
  for (let piece = 0; ; piece += 1) {
    const [row] = await ask(client, pieceOfObject(oid, piece));
    const bytes = bytesOf(row![0]!);
    if (bytes.length === 0) return;
    yield bytes;
  }
}
