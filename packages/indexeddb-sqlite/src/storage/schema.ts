/** "IDBS": marks a SQLite file as ours (https://sqlite.org/pragma.html#pragma_application_id). */
export const APPLICATION_ID = 0x49_44_42_53;

/** The version of the tables below, kept in `user_version`. A file with a higher one is refused, not touched. */
export const FORMAT_VERSION = 2;

/**
 * A table with row IDs, found through an index that has no values in it. Where the key is the table's own order, SQLite
 * keeps key and value in one tree and reads whole values, also those that fill many pages, to compare their keys.
 */
const RECORD_TABLE = `
CREATE TABLE record (
  store_id INTEGER NOT NULL,
  key BLOB NOT NULL,
  value BLOB NOT NULL,
  UNIQUE (store_id, key)
) STRICT;
`;

/**
 * Names and key paths are JSON: any string of UTF-16 code units survives, and stays readable.
 * Keys are the byte strings of keys/key-encoding.ts, values those of values/serialize.ts.
 */
export const TABLES = `
CREATE TABLE database (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  name TEXT NOT NULL UNIQUE,
  version INTEGER NOT NULL
) STRICT;

CREATE TABLE object_store (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  database_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  key_path TEXT NOT NULL,
  next_key REAL -- of the key generator; NULL without one
) STRICT;

CREATE TABLE object_index (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  store_id INTEGER NOT NULL,
  name TEXT NOT NULL,
  key_path TEXT NOT NULL,
  is_unique INTEGER NOT NULL,
  multi_entry INTEGER NOT NULL
) STRICT;

${RECORD_TABLE}
CREATE TABLE index_record (
  index_id INTEGER NOT NULL,
  key BLOB NOT NULL,
  primary_key BLOB NOT NULL,
  PRIMARY KEY (index_id, key, primary_key)
) STRICT, WITHOUT ROWID;

CREATE INDEX index_record_by_primary_key ON index_record (index_id, primary_key);

-- What unfinished transactions overwrote while others could commit: see undo-log.ts.
CREATE TABLE undo (
  sequence INTEGER PRIMARY KEY,
  store_id INTEGER NOT NULL,
  key BLOB, -- NULL: the row is about the key generator
  value ANY -- NULL: there was no record
) STRICT;
`;

/** From version 1, whose records lay in a table WITHOUT ROWID. */
export const FROM_VERSION_1 = `
ALTER TABLE record RENAME TO old_record;
${RECORD_TABLE}
INSERT INTO record SELECT store_id, key, value FROM old_record;
DROP TABLE old_record;
`;
