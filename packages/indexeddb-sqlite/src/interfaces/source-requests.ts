import { Cursor } from "../engine/cursor.ts";
import { type Index, ObjectStore } from "../engine/schema.ts";
import type { Transaction } from "../engine/transaction.ts";
import { requireKey, valueOfKey } from "../keys/key.ts";
import type { Bounds, IDBCursorDirection } from "../storage/bounds.ts";
import type { StoredRecord } from "../storage/record-reader.ts";
import { deserialize } from "../values/serialize.ts";
import { enforceUnsignedLong, INTERNAL, toDictionary, toEnum } from "../webidl.ts";
import { IDBCursor, IDBCursorWithValue } from "./idb-cursor.ts";
import { IDBKeyRange, isPotentialKeyRange, toBounds } from "./idb-key-range.ts";
import { IDBRecord } from "./idb-record.ts";
import type { IDBRequest } from "./idb-request.ts";

/*
 * Object stores and indexes answer the same questions. In an object store a record's key is its primary key too,
 * so one function serves both.
 */

/** An object store or index as a transaction sees it. */
export interface Readable {
  readonly handle: object;
  readonly transaction: Transaction;
  readonly source: ObjectStore | Index;
}

const DIRECTIONS = ["next", "nextunique", "prev", "prevunique"] as const;

export interface IDBGetAllOptions {
  query?: unknown;
  count?: number;
  direction?: IDBCursorDirection;
}

/** What is given out of a record: https://w3c.github.io/IndexedDB/#retrieve-multiple-items-from-an-object-store */
export type Kind = "key" | "value" | "record";

function pick(record: StoredRecord, kind: Kind): unknown {
  if (kind === "key") return valueOfKey(record.primaryKey);
  const value = deserialize(record.value);
  if (kind === "value") return value;
  return new IDBRecord(INTERNAL, valueOfKey(record.key), valueOfKey(record.primaryKey), value);
}

export function requestOne(
  { handle, transaction, source }: Readable,
  query: unknown,
  kind: Kind,
): IDBRequest {
  transaction.assertActive();
  const { reader } = transaction.storage.file;
  if (kind === "value" && source instanceof ObjectStore && !(query instanceof IDBKeyRange)) {
    const key = requireKey(query);
    return transaction.execute(handle, () => {
      const value = reader.value(source.id, key);
      return value && deserialize(value);
    });
  }
  const bounds = toBounds(query, false);
  return transaction.execute(handle, () => {
    const record = reader.first(source, bounds, "next", kind !== "key");
    return record && pick(record, kind);
  });
}

/** https://w3c.github.io/IndexedDB/#create-a-request-to-retrieve-multiple-items */
export function requestAll(
  readable: Readable,
  queryOrOptions: unknown,
  count: unknown,
  kind: Kind,
): IDBRequest {
  const { handle, transaction, source } = readable;
  const limit = count === undefined ? undefined : enforceUnsignedLong(count, "The count");
  transaction.assertActive();
  const wanted =
    kind !== "record" && isPotentialKeyRange(queryOrOptions)
      ? { bounds: toBounds(queryOrOptions, true), direction: "next" as const, limit }
      : fromOptions(queryOrOptions);
  return transaction.execute(handle, () =>
    transaction.storage.file.reader
      .scan(source, wanted.bounds, wanted.direction, wanted.limit || -1, kind !== "key") // 0 and -1: no limit
      .map((record) => pick(record, kind)),
  );
}

function fromOptions(input: unknown): {
  bounds: Bounds;
  direction: IDBCursorDirection;
  limit: number | undefined;
} {
  const { count, direction = "next", query } = toDictionary(input);
  const limit = count === undefined ? undefined : enforceUnsignedLong(count, "The count");
  return { limit, direction: toEnum(direction, DIRECTIONS, "The direction"), bounds: toBounds(query, true) };
}

export function requestCount({ handle, transaction, source }: Readable, query: unknown): IDBRequest<number> {
  transaction.assertActive();
  const bounds = toBounds(query, true);
  return transaction.execute(handle, () =>
    transaction.storage.file.reader.count(source, bounds),
  ) as IDBRequest<number>;
}

export function requestCursor(
  { handle, transaction, source }: Readable,
  query: unknown,
  direction: unknown,
  keyOnly: boolean,
): IDBRequest<IDBCursor | null> {
  const way = toEnum(direction, DIRECTIONS, "The direction");
  transaction.assertActive();
  const bounds = toBounds(query, true);
  const request = transaction.createRequest(handle);
  const cursor = new Cursor(request, source, bounds, way, keyOnly);
  const Handle = keyOnly ? IDBCursor : IDBCursorWithValue;
  cursor.handle = new Handle(INTERNAL, cursor, handle);
  transaction.enqueue(request, () => cursor.iterate());
  return request.handle as IDBRequest<IDBCursor | null>;
}
