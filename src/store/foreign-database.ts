import { openForeignSqlite } from "./foreign-sqlite.ts";
import { addressOf } from "./postgres-address.ts";

/** Another program's database, which that program may be using: nothing in it is changed, and nothing is locked for long. */
export interface ForeignDatabase {
  /** All that its tables hold, a few rows at a time. @throws SottoError `DATABASE_UNREADABLE`, also later */
  rows(): AsyncGenerator<ForeignRows>;
  /** The first row, asked for with `?` for each value; undefined also where there are no such tables. @throws the same */
  get(sql: string, ...values: string[]): Promise<Record<string, unknown> | undefined>;
  close(): Promise<void>;
}

/** A part of a table, by the table's name. */
export type ForeignRows = { table: string } & (
  | { /** Each row's values, as bytes. */ rows: Uint8Array[][] }
  | {
      /** A value that is too long to be held, in pieces; readable, more than once, until the next part is asked for. */ long: () => AsyncIterable<Uint8Array>;
    }
  | { /** Why the rest of the table cannot be read, and what helps. */ unread: string; cure?: string }
);

export interface ForeignOptions {
  /** Of a PostgreSQL user; without it, it is looked for where psql looks: PGPASSWORD, ~/.pgpass. */
  password?: string;
}

/** Whether no file is meant: a URL, or what libpq has for one, with a password that nobody shall print with a path. */
export const isDatabaseAddress = (where: string): boolean =>
  /^(?:[a-z][a-z\d+.-]*:\/\/|postgres(?:ql)?:)|\bpassword\s*=/i.test(where);

/**
 * @param where a SQLite file, or a PostgreSQL URL without password
 * @throws SottoError `DATABASE_UNREADABLE`; `USAGE` for a URL that cannot be meant
 */
export async function openForeignDatabase(
  where: string,
  { password }: ForeignOptions = {},
): Promise<ForeignDatabase> {
  if (!isDatabaseAddress(where)) return openForeignSqlite(where);
  const address = addressOf(where);
  // only who names such a database pays for its client
  const { openPostgres } = await import("./foreign-postgres.ts");
  return openPostgres(address, password);
}
