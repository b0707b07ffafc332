import type { IDBValidKey } from "./key.ts";

/**
 * A key as bytes whose order (memcmp) is the order of https://w3c.github.io/IndexedDB/#compare-two-keys:
 * number < date < string < binary < array. So every range of keys is one range scan in SQLite.
 *
 *   number, date  tag, IEEE 754 big endian; the sign bit flipped, or all bits if it was set
 *   string        tag, code units in UTF-8 style (surrogates one by one, 3 bytes each), 00
 *   binary        tag, bytes, 00
 *   array         tag, elements, 00
 *
 * Inside strings and binaries 00 is written 01 01 and 01 is written 01 02, so that 00 only ever ends something.
 * No key is a prefix of another: `key + 00` is the smallest byte string above it.
 */
export type Key = Buffer;

const NUMBER = 0x10;
const DATE = 0x20;
const STRING = 0x30;
const BINARY = 0x40;
const ARRAY = 0x50;
const END = Buffer.of(0);

/** Below and above every key. */
export const LOWEST: Key = Buffer.alloc(0);
export const HIGHEST: Key = Buffer.of(0xff);

/** The smallest byte string above the key. */
export function after(key: Key): Key {
  return Buffer.concat([key, END]);
}

export function encodeNumber(value: number, tag: number = NUMBER): Key {
  const bytes = Buffer.allocUnsafe(9);
  bytes[0] = tag;
  bytes.writeDoubleBE(value + 0, 1); // -0 + 0 is 0: the two are one key
  if (bytes[1]! < 0x80) bytes[1]! |= 0x80;
  else for (let at = 1; at < 9; at++) bytes[at]! ^= 0xff;
  return bytes;
}

export function encodeDate(time: number): Key {
  return encodeNumber(time, DATE);
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: exactly these two are escaped
const NEEDS_CARE = /[\u0000\u0001\ud800-\udfff]/;

export function encodeString(value: string): Key {
  if (NEEDS_CARE.test(value)) return delimit(STRING, escapeBytes(codeUnitBytes(value)));
  const length = Buffer.byteLength(value);
  const bytes = Buffer.allocUnsafe(length + 2);
  bytes[0] = STRING;
  bytes.write(value, 1, "utf8");
  bytes[length + 1] = 0;
  return bytes;
}

export function encodeBinary(bytes: Uint8Array): Key {
  return delimit(BINARY, escapeBytes(bytes));
}

export function encodeArray(elements: readonly Key[]): Key {
  return Buffer.concat([Buffer.of(ARRAY), ...elements, END]);
}

export function decodeKey(key: Uint8Array): IDBValidKey {
  return decodeAt(Buffer.from(key.buffer, key.byteOffset, key.byteLength), 0).value;
}

function decodeAt(bytes: Buffer, at: number): { value: IDBValidKey; end: number } {
  const tag = bytes[at];
  if (tag === NUMBER) return { value: decodeNumber(bytes, at + 1), end: at + 9 };
  if (tag === DATE) return { value: new Date(decodeNumber(bytes, at + 1)), end: at + 9 };
  if (tag === ARRAY) {
    const value: IDBValidKey[] = [];
    let next = at + 1;
    while (bytes[next] !== 0) {
      const element = decodeAt(bytes, next);
      value.push(element.value);
      next = element.end;
    }
    return { value, end: next + 1 };
  }
  const end = bytes.indexOf(0, at + 1);
  const body = bytes.subarray(at + 1, end);
  if (tag === STRING) return { value: decodeString(body), end: end + 1 };
  return { value: new Uint8Array(unescapeBytes(body)).buffer, end: end + 1 };
}

function decodeNumber(bytes: Buffer, at: number): number {
  const raw = Buffer.from(bytes.subarray(at, at + 8));
  if (raw[0]! >= 0x80) raw[0]! &= 0x7f;
  else for (let i = 0; i < 8; i++) raw[i]! ^= 0xff;
  return raw.readDoubleBE(0);
}

/** UTF-8 proper says U+D800 to U+DFFF as ED A0..BF xx; nothing else begins so, and 01 is an escape. */
function decodeString(body: Buffer): string {
  if (!body.includes(1) && !hasSurrogates(body)) return body.toString("utf8");
  const bytes = unescapeBytes(body);
  const units: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const first = bytes[at++]!;
    let unit = first;
    if (first >= 0xe0) unit = ((first & 0x0f) << 12) | ((bytes[at++]! & 0x3f) << 6) | (bytes[at++]! & 0x3f);
    else if (first >= 0xc0) unit = ((first & 0x1f) << 6) | (bytes[at++]! & 0x3f);
    units.push(String.fromCharCode(unit));
  }
  return units.join("");
}

function hasSurrogates(body: Buffer): boolean {
  for (let at = body.indexOf(0xed); at >= 0; at = body.indexOf(0xed, at + 1))
    if (body[at + 1]! >= 0xa0) return true;
  return false;
}

/** Like UTF-8, but each UTF-16 code unit by itself: that keeps the order of code units. */
function codeUnitBytes(value: string): Buffer {
  const bytes = Buffer.allocUnsafe(value.length * 3);
  let length = 0;
  for (let index = 0; index < value.length; index++) {
    const unit = value.charCodeAt(index);
    if (unit < 0x80) {
      bytes[length++] = unit;
    } else if (unit < 0x800) {
      bytes[length++] = 0xc0 | (unit >> 6);
      bytes[length++] = 0x80 | (unit & 0x3f);
    } else {
      bytes[length++] = 0xe0 | (unit >> 12);
      bytes[length++] = 0x80 | ((unit >> 6) & 0x3f);
      bytes[length++] = 0x80 | (unit & 0x3f);
    }
  }
  return bytes.subarray(0, length);
}

function escapeBytes(bytes: Uint8Array): Uint8Array {
  let extra = 0;
  for (const byte of bytes) if (byte < 2) extra++;
  if (extra === 0) return bytes;
  const escaped = Buffer.allocUnsafe(bytes.length + extra);
  let length = 0;
  for (const byte of bytes) {
    if (byte < 2) escaped[length++] = 1;
    escaped[length++] = byte < 2 ? byte + 1 : byte;
  }
  return escaped;
}

function unescapeBytes(escaped: Buffer): Buffer {
  if (!escaped.includes(1)) return escaped;
  const bytes = Buffer.allocUnsafe(escaped.length);
  let length = 0;
  for (let at = 0; at < escaped.length; at++) {
    bytes[length++] = escaped[at] === 1 ? escaped[++at]! - 1 : escaped[at]!;
  }
  return bytes.subarray(0, length);
}

function delimit(tag: number, body: Uint8Array): Key {
  return Buffer.concat([Buffer.of(tag), body, END]);
}
