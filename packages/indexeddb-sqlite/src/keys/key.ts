import { isArrayBuffer, isDate } from "node:util/types";
import { exception } from "../errors.ts";
import {
  decodeKey,
  encodeArray,
  encodeBinary,
  encodeDate,
  encodeNumber,
  encodeString,
  type Key,
} from "./key-encoding.ts";

/** What a script may use as a key: https://w3c.github.io/IndexedDB/#key-construct */
export type IDBValidKey = number | string | Date | ArrayBuffer | ArrayBufferView | IDBValidKey[];

/**
 * https://w3c.github.io/IndexedDB/#convert-value-to-key
 * Gives null for "invalid"; an exception thrown by a getter of the input passes through.
 */
export function keyOf(input: unknown, seen: readonly unknown[] = []): Key | null {
  if (typeof input === "string") return encodeString(input);
  if (typeof input === "number") return Number.isNaN(input) ? null : encodeNumber(input);
  if (typeof input !== "object" || input === null) return null;
  if (isDate(input)) {
    const time = Date.prototype.getTime.call(input);
    return Number.isNaN(time) ? null : encodeDate(time);
  }
  if (isArrayBuffer(input) || ArrayBuffer.isView(input)) {
    const bytes = bytesOf(input);
    return bytes && encodeBinary(bytes);
  }
  if (!Array.isArray(input) || seen.includes(input)) return null;
  const inside = [...seen, input];
  const elements: Key[] = [];
  for (let index = 0, { length } = input; index < length; index++) {
    if (!Object.hasOwn(input, index)) return null;
    const element = keyOf(input[index], inside);
    if (element === null) return null;
    elements.push(element);
  }
  return encodeArray(elements);
}

/**
 * https://w3c.github.io/IndexedDB/#convert-a-value-to-a-multientry-key
 * A multiEntry index has one entry for each distinct valid element of an array.
 */
export function multiEntryKeysOf(input: unknown): Key[] {
  if (!Array.isArray(input)) {
    const key = keyOf(input);
    return key === null ? [] : [key];
  }
  const distinct = new Map<string, Key>();
  for (let index = 0, { length } = input; index < length; index++) {
    const key = Object.hasOwn(input, index) ? keyOf(input[index], [input]) : null;
    if (key !== null) distinct.set(key.toString("latin1"), key);
  }
  return [...distinct.values()];
}

/** The key of a value, or a DataError: what nearly every method of the standard does with its key argument. */
export function requireKey(input: unknown): Key {
  const key = keyOf(input);
  if (key === null) throw exception("DataError", "The value is not a valid key.");
  return key;
}

/** https://w3c.github.io/IndexedDB/#convert-key-to-value */
export function valueOfKey(key: Key): IDBValidKey {
  return decodeKey(key);
}

function bytesOf(source: ArrayBuffer | ArrayBufferView): Uint8Array | null {
  if (isArrayBuffer(source)) return source.detached ? null : new Uint8Array(source);
  if (!isArrayBuffer(source.buffer) || source.buffer.detached) return null;
  return new Uint8Array(source.buffer, source.byteOffset, source.byteLength);
}
