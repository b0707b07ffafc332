import { after, HIGHEST, type Key, LOWEST } from "../keys/key-encoding.ts";

/** https://w3c.github.io/IndexedDB/#enumdef-idbcursordirection */
export type IDBCursorDirection = "next" | "nextunique" | "prev" | "prevunique";

/**
 * A half-open interval of records: from the lower bound on, up to before the upper one.
 * In an index the records are ordered by key and then by primary key; in an object store the two are the same,
 * and the primary parts are not looked at.
 */
export interface Bounds {
  readonly lower: Key;
  readonly lowerPrimary: Key;
  readonly upper: Key;
  readonly upperPrimary: Key;
}

/** The records whose keys are in a half-open interval of keys. */
export function keyBounds(lower: Key, upper: Key): Bounds {
  return { lower, lowerPrimary: LOWEST, upper, upperPrimary: LOWEST };
}

export const EVERYTHING: Bounds = keyBounds(LOWEST, HIGHEST);

export interface Position {
  readonly key: Key;
  readonly primaryKey: Key;
}

/** What is left of an interval for a cursor that stands at a position. */
export function beyond(bounds: Bounds, { key, primaryKey }: Position, direction: IDBCursorDirection): Bounds {
  switch (direction) {
    case "next":
      return raiseLower(bounds, key, after(primaryKey));
    case "nextunique":
      return raiseLower(bounds, after(key), LOWEST);
    case "prev":
      return { ...bounds, upper: key, upperPrimary: primaryKey };
    case "prevunique":
      return { ...bounds, upper: key, upperPrimary: LOWEST };
  }
}

/** The part of an interval that a cursor may reach when it is told to continue at least to a key. */
export function continuedTo(
  bounds: Bounds,
  target: Key,
  primary: Key | null,
  direction: IDBCursorDirection,
): Bounds {
  if (direction === "next" || direction === "nextunique")
    return raiseLower(bounds, target, primary ?? LOWEST);
  if (primary !== null) return lowerUpper(bounds, target, after(primary));
  return lowerUpper(bounds, after(target), LOWEST);
}

function raiseLower(bounds: Bounds, lower: Key, lowerPrimary: Key): Bounds {
  const order = lower.compare(bounds.lower) || lowerPrimary.compare(bounds.lowerPrimary);
  return order > 0 ? { ...bounds, lower, lowerPrimary } : bounds;
}

function lowerUpper(bounds: Bounds, upper: Key, upperPrimary: Key): Bounds {
  const order = upper.compare(bounds.upper) || upperPrimary.compare(bounds.upperPrimary);
  return order < 0 ? { ...bounds, upper, upperPrimary } : bounds;
}
