import { isArrayBuffer, isDate } from "node:util/types";
import { exception } from "../errors.ts";
import { type IDBValidKey, requireKey, valueOfKey } from "../keys/key.ts";
import { after, HIGHEST, type Key, LOWEST } from "../keys/key-encoding.ts";
import { type Bounds, EVERYTHING, keyBounds } from "../storage/bounds.ts";
import { assertInternal, defineInterface, INTERNAL } from "../webidl.ts";

interface Range {
  readonly lower: Key | null;
  readonly upper: Key | null;
  readonly lowerOpen: boolean;
  readonly upperOpen: boolean;
}

let rangeOf: (range: IDBKeyRange) => Range;

/** https://w3c.github.io/IndexedDB/#keyrange */
export class IDBKeyRange {
  readonly #range: Range;

  constructor(token?: symbol, range?: Range) {
    assertInternal(token);
    this.#range = range!;
  }

  static {
    rangeOf = (range) => range.#range;
  }

  get lower(): IDBValidKey | undefined {
    return this.#range.lower === null ? undefined : valueOfKey(this.#range.lower);
  }

  get upper(): IDBValidKey | undefined {
    return this.#range.upper === null ? undefined : valueOfKey(this.#range.upper);
  }

  get lowerOpen(): boolean {
    return this.#range.lowerOpen;
  }

  get upperOpen(): boolean {
    return this.#range.upperOpen;
  }

  static only(value: unknown): IDBKeyRange {
    const key = requireKey(value);
    return create({ lower: key, upper: key, lowerOpen: false, upperOpen: false });
  }

  static lowerBound(lower: unknown, open: unknown = false): IDBKeyRange {
    return create({ lower: requireKey(lower), upper: null, lowerOpen: Boolean(open), upperOpen: true });
  }

  static upperBound(upper: unknown, open: unknown = false): IDBKeyRange {
    return create({ lower: null, upper: requireKey(upper), lowerOpen: true, upperOpen: Boolean(open) });
  }

  static bound(
    lower: unknown,
    upper: unknown,
    lowerOpen: unknown = false,
    upperOpen: unknown = false,
  ): IDBKeyRange {
    const lowerKey = requireKey(lower);
    const upperKey = requireKey(upper);
    if (lowerKey.compare(upperKey) > 0)
      throw exception("DataError", "The lower bound is above the upper one.");
    return create({
      lower: lowerKey,
      upper: upperKey,
      lowerOpen: Boolean(lowerOpen),
      upperOpen: Boolean(upperOpen),
    });
  }

  includes(value: unknown): boolean {
    const key = requireKey(value);
    const { lower, upper } = boundsOf(this.#range);
    return key.compare(lower) >= 0 && key.compare(upper) < 0;
  }
}

defineInterface(IDBKeyRange, { only: 1, lowerBound: 1, upperBound: 1, bound: 2, includes: 1 });

function create(range: Range): IDBKeyRange {
  return new IDBKeyRange(INTERNAL, range);
}

function boundsOf({ lower, upper, lowerOpen, upperOpen }: Range): Bounds {
  return keyBounds(
    lower === null ? LOWEST : lowerOpen ? after(lower) : lower,
    upper === null ? HIGHEST : upperOpen ? upper : after(upper),
  );
}

/**
 * https://w3c.github.io/IndexedDB/#convert-a-value-to-a-key-range
 * No value means everything, where that is allowed.
 */
export function toBounds(value: unknown, mayBeMissing: boolean): Bounds {
  if (value instanceof IDBKeyRange) return boundsOf(rangeOf(value));
  if (value === undefined || value === null) {
    if (mayBeMissing) return EVERYTHING;
    throw exception("DataError", "A key or a key range is needed.");
  }
  const key = requireKey(value);
  return keyBounds(key, after(key));
}

/** https://w3c.github.io/IndexedDB/#is-a-potentially-valid-key-range */
export function isPotentialKeyRange(value: unknown): boolean {
  if (value instanceof IDBKeyRange || value === undefined || value === null) return true;
  if (typeof value !== "object") return typeof value === "number" || typeof value === "string";
  return Array.isArray(value) || isDate(value) || isArrayBuffer(value) || ArrayBuffer.isView(value);
}
