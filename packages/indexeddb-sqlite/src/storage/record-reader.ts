import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";
import { type Key, LOWEST } from "../keys/key-encoding.ts";
import type { Bounds, IDBCursorDirection } from "./bounds.ts";

/** What can be read through: an object store, or an index of it. */
export interface RecordSource {
  readonly storeId: number;
  readonly indexId: number | null;
}

export interface StoredRecord {
  readonly key: Key;
  readonly primaryKey: Key;
  /** Empty if the scan was for keys only. */
  readonly value: Uint8Array;
}

const NO_VALUE = new Uint8Array(0);

/** Reads records. Every question of the standard is a look-up of one key, or one range scan over a table's order. */
export class RecordReader {
  readonly #connection: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly #value: StatementSync;
  readonly #presence: StatementSync;

  constructor(connection: DatabaseSync) {
    this.#connection = connection;
    this.#value = this.#prepare("SELECT value FROM record WHERE store_id = ? AND key = ?");
    this.#presence = this.#prepare("SELECT 1 FROM record WHERE store_id = ? AND key = ?");
  }

  /** The value of the record with this key, if there is one. */
  value(storeId: number, key: Key): Uint8Array | undefined {
    return (this.#value.get(storeId, key) as unknown as [Uint8Array] | undefined)?.[0];
  }

  has(storeId: number, key: Key): boolean {
    return this.#presence.get(storeId, key) !== undefined;
  }

  /** After the first `skip` records, up to `limit` records within the bounds, in the order of the direction. */
  scan(
    source: RecordSource,
    bounds: Bounds,
    direction: IDBCursorDirection,
    limit: number,
    withValues: boolean,
    skip = 0,
  ): StoredRecord[] {
    const rows = this.#scanStatement(source, direction, withValues).all(
      ...boundParameters(source, bounds),
      limit,
      skip,
      ...(source.indexId !== null && withValues ? [source.storeId] : []),
    ) as unknown as [Uint8Array, Uint8Array, Uint8Array?][];
    return rows.map(([key, primaryKey, value = NO_VALUE]) => ({
      key: bufferOver(key),
      primaryKey: bufferOver(primaryKey),
      value,
    }));
  }

  /** The first record within the bounds in the order of the direction. */
  first(
    source: RecordSource,
    bounds: Bounds,
    direction: IDBCursorDirection,
    withValue: boolean,
    skip = 0,
  ): StoredRecord | undefined {
    return this.scan(source, bounds, direction, 1, withValue, skip)[0];
  }

  count(source: RecordSource, bounds: Bounds): number {
    const { table, within } = shape(source);
    const sql = `SELECT count(*) FROM ${table} WHERE ${within}`;
    const [count] = this.#prepare(sql).get(...boundParameters(source, bounds)) as unknown as [number];
    return count;
  }

  /** Whether a unique index already lists the key for another record. */
  isTaken(indexId: number, key: Key, primaryKey: Key): boolean {
    const sql = "SELECT 1 FROM index_record WHERE index_id = ? AND key = ? AND primary_key <> ? LIMIT 1";
    return this.#prepare(sql).get(indexId, key, primaryKey) !== undefined;
  }

  #scanStatement(source: RecordSource, direction: IDBCursorDirection, withValues: boolean): StatementSync {
    return this.#prepare(
      source.indexId === null ? storeScan(direction, withValues) : indexScan(direction, withValues),
    );
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#connection.prepare(sql);
      statement.setReturnArrays(true);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

const STORE_BOUNDS = "store_id = ? AND key >= ? AND key < ?";
const INDEX_BOUNDS = "index_id = ? AND (key, primary_key) >= (?, ?) AND (key, primary_key) < (?, ?)";

function shape(source: RecordSource): { table: string; within: string } {
  return source.indexId === null
    ? { table: "record", within: STORE_BOUNDS }
    : { table: "index_record", within: INDEX_BOUNDS };
}

function boundParameters({ storeId, indexId }: RecordSource, bounds: Bounds): SQLInputValue[] {
  if (indexId === null) return [storeId, bounds.lower, bounds.upper];
  return [indexId, bounds.lower, bounds.lowerPrimary, bounds.upper, bounds.upperPrimary];
}

/**
 * SQLite plans a statement anew at each run if a parameter stands by itself in its LIMIT, because the plan may depend on
 * the number (https://sqlite.org/c3ref/c_dbconfig_defensive.html#sqlitedbconfigenableqpsg). Of a sum it does not think so.
 */
const SECTION = "LIMIT ? + 0 OFFSET ?";

const storeScans = new Map<string, string>();
const indexScans = new Map<string, string>();

/** In an object store no two records have the same key, so the unique directions are the plain ones. */
function storeScan(direction: IDBCursorDirection, withValues: boolean): string {
  return remembered(storeScans, direction, withValues, () => {
    const order = isForward(direction) ? "ASC" : "DESC";
    const value = withValues ? ", value" : "";
    return `SELECT key, key${value} FROM record WHERE ${STORE_BOUNDS} ORDER BY key ${order} ${SECTION}`;
  });
}

/** The unique directions give, for each key, the record with the lowest primary key: also "prevunique". */
function indexScan(direction: IDBCursorDirection, withValues: boolean): string {
  return remembered(indexScans, direction, withValues, () => {
    const order = isForward(direction) ? "ASC" : "DESC";
    const entries = isUnique(direction)
      ? `SELECT key, min(primary_key) AS primary_key FROM index_record WHERE ${INDEX_BOUNDS}
         GROUP BY key ORDER BY key ${order} ${SECTION}`
      : `SELECT key, primary_key FROM index_record WHERE ${INDEX_BOUNDS}
         ORDER BY key ${order}, primary_key ${order} ${SECTION}`;
    if (!withValues) return entries;
    return `SELECT entry.key, entry.primary_key, record.value
      FROM (${entries}) AS entry CROSS JOIN record ON record.store_id = ? AND record.key = entry.primary_key
      ORDER BY entry.key ${order}, entry.primary_key ${order}`;
  });
}

function remembered(
  known: Map<string, string>,
  direction: IDBCursorDirection,
  withValues: boolean,
  build: () => string,
): string {
  const name = `${direction}${withValues}`;
  const sql = known.get(name) ?? build();
  known.set(name, sql);
  return sql;
}

export function isForward(direction: IDBCursorDirection): boolean {
  return direction === "next" || direction === "nextunique";
}

export function isUnique(direction: IDBCursorDirection): boolean {
  return direction === "nextunique" || direction === "prevunique";
}

function bufferOver(bytes: Uint8Array): Key {
  return bytes.byteLength === 0 ? LOWEST : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
