import type { Cursor } from "../engine/cursor.ts";
import { deleteRecords, storeRecord } from "../engine/store-record.ts";
import { exception } from "../errors.ts";
import { type IDBValidKey, requireKey, valueOfKey } from "../keys/key.ts";
import { after, type Key } from "../keys/key-encoding.ts";
import { extractKey } from "../keys/key-path.ts";
import { type IDBCursorDirection, keyBounds } from "../storage/bounds.ts";
import { cloneForStorage } from "../values/clone.ts";
import { assertInternal, defineInterface, enforceUnsignedLong } from "../webidl.ts";
import type { IDBRequest } from "./idb-request.ts";

let cursorOf: (handle: IDBCursor) => Cursor;

/** https://w3c.github.io/IndexedDB/#cursor-interface */
export class IDBCursor {
  readonly #cursor: Cursor;
  readonly #source: object;

  constructor(token?: symbol, cursor?: Cursor, source?: object) {
    assertInternal(token);
    this.#cursor = cursor!;
    this.#source = source!;
  }

  static {
    cursorOf = (handle) => handle.#cursor;
  }

  get source(): object {
    return this.#source;
  }

  get direction(): IDBCursorDirection {
    return this.#cursor.direction;
  }

  get key(): IDBValidKey | undefined {
    return this.#cursor.key;
  }

  get primaryKey(): IDBValidKey | undefined {
    return this.#cursor.primaryKey;
  }

  get request(): IDBRequest {
    return this.#cursor.request.handle;
  }

  advance(count: number): void {
    const steps = enforceUnsignedLong(count, "The count", 1);
    const cursor = this.#cursor;
    cursor.assertUsable();
    cursor.requirePosition();
    cursor.seek(steps);
  }

  continue(key?: unknown): void {
    const cursor = this.#cursor;
    cursor.assertUsable();
    const position = cursor.requirePosition();
    const target = key === undefined ? null : requireKey(key);
    if (target !== null && cursor.progress(target, position.key) <= 0) throw notAhead();
    cursor.seek(1, target);
  }

  continuePrimaryKey(key: unknown, primaryKey: unknown): void {
    const cursor = this.#cursor;
    cursor.assertUsable();
    if (cursor.source === cursor.effectiveStore || cursor.isUnique) {
      throw exception(
        "InvalidAccessError",
        "Only a cursor over an index that visits every record can do this.",
      );
    }
    const position = cursor.requirePosition();
    const target = requireKey(key);
    const primaryTarget = requireKey(primaryKey);
    const progress =
      cursor.progress(target, position.key) || cursor.progress(primaryTarget, position.primaryKey);
    if (progress <= 0) throw notAhead();
    cursor.seek(1, target, primaryTarget);
  }

  update(value: unknown): IDBRequest<IDBValidKey> {
    const cursor = this.#cursor;
    const { transaction, effectiveStore: store } = cursor;
    const key = this.#requireWritable();
    const storable = transaction.whileInactive(() => cloneForStorage(value));
    transaction.assertActive();
    if (store.keyPath !== null) {
      const inline = extractKey(storable.clone, store.keyPath);
      if (!inline?.equals(key))
        throw exception("DataError", "The new value has another key than the record.");
    }
    const operation = () => valueOfKey(storeRecord(transaction, store, storable, key, false));
    return transaction.execute(this, operation, storable.ready) as IDBRequest<IDBValidKey>;
  }

  delete(): IDBRequest<undefined> {
    const { transaction, effectiveStore: store } = this.#cursor;
    const key = this.#requireWritable();
    return transaction.execute(this, () => {
      deleteRecords(transaction, store, keyBounds(key, after(key)));
    }) as IDBRequest<undefined>;
  }

  /** The key of the record that may be changed now. */
  #requireWritable(): Key {
    const cursor = this.#cursor;
    cursor.transaction.assertActive();
    if (cursor.transaction.mode === "readonly") throw exception("ReadOnlyError");
    cursor.assertUsable();
    const { primaryKey } = cursor.requirePosition();
    if (cursor.keyOnly) throw exception("InvalidStateError", "The cursor gives keys only.");
    return primaryKey;
  }
}

defineInterface(IDBCursor, { advance: 1, continuePrimaryKey: 2, update: 1 });

/** https://w3c.github.io/IndexedDB/#idbcursorwithvalue */
export class IDBCursorWithValue extends IDBCursor {
  get value(): unknown {
    return cursorOf(this).value;
  }
}

defineInterface(IDBCursorWithValue);

function notAhead(): DOMException {
  return exception("DataError", "The key is not ahead of the cursor.");
}
