import { exception } from "../errors.ts";
import { type IDBValidKey, valueOfKey } from "../keys/key.ts";
import type { Key } from "../keys/key-encoding.ts";
import {
  type Bounds,
  beyond,
  continuedTo,
  type IDBCursorDirection,
  type Position,
} from "../storage/bounds.ts";
import { isForward, isUnique } from "../storage/record-reader.ts";
import { deserialize } from "../values/serialize.ts";
import type { Request } from "./request.ts";
import { Index, type ObjectStore } from "./schema.ts";
import type { Transaction } from "./transaction.ts";

/** https://w3c.github.io/IndexedDB/#cursor-construct */
export class Cursor {
  readonly transaction: Transaction;
  readonly source: ObjectStore | Index;
  readonly direction: IDBCursorDirection;
  readonly keyOnly: boolean;
  /** The one request that reports each step. */
  readonly request: Request;
  /** The object that the script holds. */
  handle: object | null = null;
  position: Position | null = null;
  /** False before the first record, while the next one is sought, and after the last. */
  gotValue = false;
  key: IDBValidKey | undefined;
  primaryKey: IDBValidKey | undefined;
  value: unknown;
  readonly #bounds: Bounds;

  constructor(
    request: Request,
    source: ObjectStore | Index,
    bounds: Bounds,
    direction: IDBCursorDirection,
    keyOnly: boolean,
  ) {
    this.request = request;
    this.transaction = request.transaction!;
    this.source = source;
    this.#bounds = bounds;
    this.direction = direction;
    this.keyOnly = keyOnly;
  }

  /** https://w3c.github.io/IndexedDB/#cursor-effective-object-store */
  get effectiveStore(): ObjectStore {
    return this.source instanceof Index ? this.source.store : this.source;
  }

  get isUnique(): boolean {
    return isUnique(this.direction);
  }

  /** Above zero if the first key comes after the second in the direction of the cursor. */
  progress(target: Key, from: Key): number {
    return isForward(this.direction) ? target.compare(from) : from.compare(target);
  }

  assertUsable(): void {
    this.transaction.assertActive();
    if (!this.transaction.knows(this.source)) {
      throw exception("InvalidStateError", "The cursor's object store or index was deleted.");
    }
  }

  /** https://w3c.github.io/IndexedDB/#iterate-a-cursor */
  iterate(count = 1, target: Key | null = null, primaryTarget: Key | null = null): object | null {
    const { reader } = this.transaction.storage.file;
    let bounds = this.#remaining();
    if (target !== null) bounds = continuedTo(bounds, target, primaryTarget, this.direction);
    const record = reader.first(this.source, bounds, this.direction, !this.keyOnly, count - 1);
    this.position = record ?? null;
    this.key = record && valueOfKey(record.key);
    this.primaryKey = record && valueOfKey(record.primaryKey);
    this.value = record && !this.keyOnly ? deserialize(record.value) : undefined;
    this.gotValue = record !== undefined;
    return record ? this.handle : null;
  }

  /** Seeks again, and lets the cursor's one request report it. */
  seek(count: number, target: Key | null = null, primaryTarget: Key | null = null): void {
    this.gotValue = false;
    this.request.reset();
    this.transaction.enqueue(this.request, () => this.iterate(count, target, primaryTarget));
  }

  /** The record's key, for changes through the cursor. */
  requirePosition(): Position {
    if (!this.gotValue || this.position === null) {
      throw exception("InvalidStateError", "The cursor is moving or past its end.");
    }
    return this.position;
  }

  #remaining(): Bounds {
    if (this.position === null) return this.#bounds;
    const isStore = !(this.source instanceof Index);
    return beyond(
      this.#bounds,
      this.position,
      isStore && this.direction === "next" ? "nextunique" : this.direction,
    );
  }
}
