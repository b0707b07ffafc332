import { DatabaseSync } from "node:sqlite";
import { SqliteCode, StoreError, sqliteCode } from "../errors.ts";
import { lockedError } from "./file-lock.ts";
import { APPLICATION_ID, FORMAT_VERSION, FROM_VERSION_1, TABLES } from "./schema.ts";

/** Opens or creates the SQLite file behind a store. The lock on it must be held already. */
export function openFile(path: string): DatabaseSync {
  let connection: DatabaseSync | undefined;
  try {
    connection = new DatabaseSync(path, { timeout: 0 });
    configure(connection);
    prepareFormat(connection, path);
    return connection;
  } catch (error) {
    connection?.close();
    throw explain(error, path);
  }
}

/**
 * EXCLUSIVE locking before the journal mode: the WAL index then lives in memory, and no second connection gets in.
 * FULL syncs the WAL on each COMMIT. The page cache may
 * take 8 MB: below SQLite's 2 MB a busy store of some thousand records reads its pages from the file again and again.
 */
function configure(connection: DatabaseSync): void {
  connection.exec(`
    PRAGMA locking_mode = EXCLUSIVE;
    PRAGMA trusted_schema = OFF;
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    PRAGMA temp_store = MEMORY;
    PRAGMA cache_size = -8192;
  `);
}

function prepareFormat(connection: DatabaseSync, path: string): void {
  const pragma = (name: string) => Number(connection.prepare(`PRAGMA ${name}`).get()?.[name]);
  const application = pragma("application_id");
  const version = pragma("user_version");
  const become = (tables: string) =>
    connection.exec(`
      BEGIN IMMEDIATE;
      ${tables}
      PRAGMA application_id = ${APPLICATION_ID};
      PRAGMA user_version = ${FORMAT_VERSION};
      COMMIT;
    `);
  if (application === APPLICATION_ID && version === FORMAT_VERSION) return;
  if (application === APPLICATION_ID && version === 1) {
    become(FROM_VERSION_1);
    return;
  }
  if (application === APPLICATION_ID && version > FORMAT_VERSION) {
    throw new StoreError(
      "ERR_STORE_NEWER",
      `${path} was written by a newer version of this program (format ${version}, known up to ${FORMAT_VERSION}). ` +
        "It was not changed. Update the program, or use the version that wrote it.",
    );
  }
  const objects = Number(connection.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n);
  if (application !== 0 || version !== 0 || objects !== 0) {
    throw new StoreError(
      "ERR_STORE_FOREIGN",
      `${path} is an SQLite database of another program. It was not changed. Choose another path.`,
    );
  }
  become(TABLES);
}

function explain(error: unknown, path: string): unknown {
  if (error instanceof StoreError) return error;
  switch (sqliteCode(error)) {
    case SqliteCode.BUSY:
    case SqliteCode.LOCKED:
      return lockedError(path, error);
    case SqliteCode.CORRUPT:
    case SqliteCode.NOTADB:
      return new StoreError(
        "ERR_STORE_CORRUPT",
        `${path} is damaged or not a database. It was left as it is. Restore it from a backup.`,
        error,
      );
    case SqliteCode.FULL:
      return new StoreError(
        "ERR_STORE_FULL",
        `No space left on the disk of ${path}. Free some and start again.`,
        error,
      );
    default:
      return new StoreError(
        "ERR_STORE_UNUSABLE",
        `${path} cannot be opened: ${error instanceof Error ? error.message : error}. ` +
          "Check that its folder exists and that this user may write to it.",
        error,
      );
  }
}
