import { exception } from "../errors.ts";
import { keyOf, multiEntryKeysOf, valueOfKey } from "./key.ts";
import type { Key } from "./key-encoding.ts";

/** https://w3c.github.io/IndexedDB/#key-path-construct */
export type KeyPath = string | readonly string[];

const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$_\u200c\u200d]*$/u;

/** https://w3c.github.io/IndexedDB/#valid-key-path */
export function isValidKeyPath(keyPath: KeyPath): boolean {
  if (typeof keyPath !== "string") return keyPath.length > 0 && keyPath.every(isValidKeyPath);
  return keyPath === "" || keyPath.split(".").every((part) => IDENTIFIER.test(part));
}

/** WebIDL's conversion to (DOMString or sequence<DOMString>): whatever can be iterated is a list. */
export function toKeyPath(input: unknown): KeyPath {
  if (typeof input === "object" && input !== null && Symbol.iterator in input) {
    return Array.from(input as Iterable<unknown>, (part) => `${part}`);
  }
  return `${input}`;
}

const FAILURE = Symbol("failure");

/**
 * https://w3c.github.io/IndexedDB/#evaluate-a-key-path-on-a-value
 * The value is always our own clone: it has no getters, so looking at it runs no code of the script.
 */
function evaluate(value: unknown, keyPath: KeyPath): unknown {
  if (typeof keyPath !== "string") {
    const results = keyPath.map((part) => evaluate(value, part));
    return results.includes(FAILURE) ? FAILURE : results;
  }
  if (keyPath === "") return value;
  let current = value;
  for (const part of keyPath.split(".")) {
    current = step(current, part);
    if (current === undefined) return FAILURE;
  }
  return current;
}

function step(value: unknown, name: string): unknown {
  if (typeof value === "string") return name === "length" ? value.length : undefined;
  if (typeof value !== "object" || value === null) return undefined;
  if (value instanceof Blob && (name === "size" || name === "type")) return value[name];
  if (value instanceof File && (name === "name" || name === "lastModified")) return value[name];
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/**
 * https://w3c.github.io/IndexedDB/#extract-a-key-from-a-value-using-a-key-path
 * undefined is "failure" (nothing there), null is "invalid" (something there that is no key).
 */
export function extractKey(value: unknown, keyPath: KeyPath): Key | null | undefined {
  const result = evaluate(value, keyPath);
  return result === FAILURE ? undefined : keyOf(result);
}

/** The keys under which an index lists a value; none if the key path leads to no valid key. */
export function extractIndexKeys(value: unknown, keyPath: KeyPath, multiEntry: boolean): Key[] {
  const result = evaluate(value, keyPath);
  if (result === FAILURE) return [];
  if (multiEntry) return multiEntryKeysOf(result);
  const key = keyOf(result);
  return key === null ? [] : [key];
}

/** https://w3c.github.io/IndexedDB/#check-that-a-key-could-be-injected-into-a-value */
export function canInjectKey(value: unknown, keyPath: string): boolean {
  let current = value;
  for (const part of keyPath.split(".").slice(0, -1)) {
    if (!isObject(current)) return false;
    if (!Object.hasOwn(current, part)) return true;
    current = current[part];
  }
  return isObject(current);
}

/** https://w3c.github.io/IndexedDB/#inject-a-key-into-a-value-using-a-key-path */
export function injectKey(value: unknown, key: Key, keyPath: string): void {
  const parts = keyPath.split(".");
  const last = parts.pop()!;
  let current = value;
  for (const part of parts) {
    if (!isObject(current)) throw exception("DataError");
    if (!Object.hasOwn(current, part)) defineData(current, part, {});
    current = current[part];
  }
  if (!isObject(current)) throw exception("DataError");
  defineData(current, last, valueOfKey(key));
}

/** Defining, not assigning: a setter on Object.prototype must not see the key. */
function defineData(target: object, name: string, value: unknown): void {
  Object.defineProperty(target, name, { value, writable: true, enumerable: true, configurable: true });
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
