import { isNativeError, isSharedArrayBuffer } from "node:util/types";

/** A private copy of a script's value, on its way into the file. */
export interface Storable {
  readonly clone: unknown;
  /** The contents of the blobs in it, as far as they have been read. */
  readonly blobs: Map<Blob, Uint8Array>;
  /** Fulfilled when all of them have been read; null if there are none. */
  readonly ready: Promise<void> | null;
}

/**
 * A copy that shares nothing with the script and can be stored: the first part of
 * https://html.spec.whatwg.org/multipage/structured-data.html#structuredserializeforstorage
 * Throws DataCloneError, or what a getter of the value throws.
 */
export function cloneForStorage(value: unknown): Storable {
  const blobs = new Map<Blob, Uint8Array>();
  if (typeof value === "string" || typeof value === "number") return { clone: value, blobs, ready: null };
  if (isPlatformObject(value)) throw notStorable(value);
  const clone = structuredClone(value);
  const found = findBlobs(clone);
  if (found.length === 0) return { clone, blobs, ready: null };
  const ready = readAll(found, blobs);
  ready.catch(() => {}); // is reported by the request, which may wait for its turn longer than this takes
  return { clone, blobs, ready };
}

/** Node's structuredClone makes an empty object of these, without a word. */
function isPlatformObject(value: unknown): value is object {
  return value instanceof EventTarget || value instanceof Event || value instanceof MessageChannel;
}

async function readAll(found: readonly Blob[], contents: Map<Blob, Uint8Array>): Promise<void> {
  for (const blob of found) contents.set(blob, new Uint8Array(await blob.arrayBuffer()));
}

const ORDINARY = new Set<unknown>([
  Date.prototype,
  RegExp.prototype,
  Boolean.prototype,
  Number.prototype,
  String.prototype,
  BigInt.prototype,
  ArrayBuffer.prototype,
]);

/**
 * Looks through a clone for blobs, whose contents have to be fetched, and for what structuredClone copies although it
 * only lives in this process (shared memory, compiled modules, Node's own objects): V8 would store that as something
 * else without a word.
 */
function findBlobs(clone: unknown): Blob[] {
  const blobs: Blob[] = [];
  const seen = new Set<object>();
  const waiting: unknown[] = [clone];
  while (waiting.length > 0) {
    const value = waiting.pop();
    if (typeof value !== "object" || value === null || seen.has(value)) continue;
    seen.add(value);
    if (value instanceof Blob) blobs.push(value);
    else if (ArrayBuffer.isView(value)) waiting.push(value.buffer);
    else if (value instanceof Map) for (const pair of value) waiting.push(...pair);
    else if (value instanceof Set) for (const member of value) waiting.push(member);
    else if (isContainer(value)) for (const member of Object.values(value)) waiting.push(member);
    else if (!isStorable(value)) throw notStorable(value);
  }
  return blobs;
}

export function isContainer(value: object): value is Record<string, unknown> {
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}

function isStorable(value: object): boolean {
  if (isSharedArrayBuffer(value) || value instanceof DOMException) return false;
  return ORDINARY.has(Object.getPrototypeOf(value)) || isNativeError(value);
}

function notStorable(value: object): DOMException {
  const kind = value.constructor?.name ?? "An object of this kind";
  return new DOMException(`${kind} cannot be stored in a database file.`, "DataCloneError");
}
