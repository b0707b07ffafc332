import { isNativeError, isSharedArrayBuffer } from "node:util/types";

/**
 * A copy of a value that shares nothing with the script and can be stored:
 * https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializeforstorage
 * Throws DataCloneError, or what a getter of the value throws.
 */
export function cloneForStorage(value: unknown): unknown {
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return value;
  const clone = structuredClone(value);
  assertStorable(clone);
  return clone;
}

const ORDINARY = new Set<unknown>([
  Object.prototype,
  Date.prototype,
  RegExp.prototype,
  Boolean.prototype,
  Number.prototype,
  String.prototype,
  BigInt.prototype,
  ArrayBuffer.prototype,
]);

/**
 * structuredClone also copies what only lives in this process (shared memory, compiled modules, Node's own objects):
 * V8 would store those as something else without a word.
 */
function assertStorable(clone: unknown): void {
  const seen = new Set<object>();
  const waiting: unknown[] = [clone];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (ArrayBuffer.isView(value)) waiting.push(value.buffer);
    else if (value instanceof Map) waiting.push(...value.keys(), ...value.values());
    else if (value instanceof Set) waiting.push(...value);
    else if (Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype)
      pushMembers(value, waiting);
    else if (isSharedArrayBuffer(value) || !isStorable(value)) throw notStorable(value);
  }
}

function pushMembers(value: object, waiting: unknown[]): void {
  for (const member of Object.values(value))
    if (typeof member === "object" && member !== null) waiting.push(member);
}

function isStorable(value: object): boolean {
  return (
    ORDINARY.has(Object.getPrototypeOf(value)) || (isNativeError(value) && !(value instanceof DOMException))
  );
}

function notStorable(value: object): DOMException {
  const kind = value.constructor?.name ?? "An object of this kind";
  return new DOMException(`${kind} cannot be stored in a database file.`, "DataCloneError");
}
