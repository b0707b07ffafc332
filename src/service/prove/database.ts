import { existsSync } from "node:fs";
import { Readable } from "node:stream";
import { setImmediate as nextTurn } from "node:timers/promises";
import { SottoError } from "../../errors.ts";
import { type NamedDatabase, openHomeserverDatabase } from "../homeserver-database.ts";
import { type Looked, lookThroughFile, lookThroughRows, lookThroughStream, unreadOf } from "./look.ts";
import type { Closed, Place } from "./places.ts";
import type { Needles } from "./search.ts";

/** Whether it opens is asked before anything is sent. Throws as `openHomeserverDatabase`, but for what cannot be read. */
export async function postgresPlace(named: NamedDatabase): Promise<Place | Closed> {
  try {
    await (await openHomeserverDatabase(named)).close();
  } catch (thrown) {
    if (!(thrown instanceof SottoError && thrown.code === "DATABASE_UNREADABLE")) throw thrown;
    return { name: "database", reason: thrown.message, cure: thrown.cure };
  }
  return { name: "database", look: (...how) => lookThroughTables(named, "PostgreSQL", ...how) };
}

/**
 * The file first, as bytes, with what was deleted in it and what is still in its journals; then every value of every row,
 * whole and unpacked. Not the other way round: closing a file ends the locks that SQLite has on it in this process.
 */
export async function lookThroughSqlite(
  named: NamedDatabase,
  needles: Needles,
  looked: Looked,
  signal: AbortSignal,
): Promise<void> {
  const path = named.database;
  for (const file of [path, `${path}-wal`, `${path}-journal`]) {
    signal.throwIfAborted();
    if (existsSync(file)) await lookThroughFile(needles, file, looked);
  }
  await lookThroughTables(named, path, needles, looked, signal);
}

async function lookThroughTables(
  named: NamedDatabase,
  where: string,
  needles: Needles,
  looked: Looked,
  signal: AbortSignal,
): Promise<void> {
  try {
    const database = await openHomeserverDatabase(named);
    try {
      for await (const part of database.rows()) {
        const table = `table ${part.table}`;
        if ("rows" in part) lookThroughRows(needles, table, part.rows, looked);
        else if ("long" in part)
          await lookThroughStream(needles, table, () => Readable.from(part.long()), looked);
        else looked.unread.push({ where: table, why: part.unread, ...(part.cure && { cure: part.cure }) });
        await nextTurn();
        signal.throwIfAborted();
      }
    } finally {
      await database.close();
    }
  } catch (thrown) {
    signal.throwIfAborted();
    looked.unread.push(unreadOf(where, thrown));
  }
}
