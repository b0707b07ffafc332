import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Spelling } from "../../../src/service/prove/encodings.ts";
import { Needles, Search } from "../../../src/service/prove/search.ts";

const payload = randomBytes(3_000);
const what = "the recording";
const needles = new Needles([{ what, bytes: payload }]);

function find(haystack: Uint8Array, pieceBytes: number, sought = needles): string[] {
  const found: Spelling[] = [];
  const search = new Search(sought, (spelling) => found.push(spelling));
  for (let at = 0; at < haystack.length; at += pieceBytes)
    search.push(haystack.subarray(at, at + pieceBytes));
  search.end();
  return found.map(({ encoding }) => encoding);
}

/** Written here anew, and not as the search has them. */
const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const each = (bytes: Uint8Array, spell: (byte: number) => string): string =>
  Array.from(bytes, spell).join("");
const two = (byte: number): string => byte.toString(16).padStart(2, "0");
const ENCODERS: Record<string, (window: Uint8Array) => string | Uint8Array> = {
  raw: (window) => window,
  base64: (window) => Buffer.from(window).toString("base64"),
  base64url: (window) => Buffer.from(window).toString("base64url"),
  "base64, one byte later": (window) => Buffer.concat([Buffer.of(7), window]).toString("base64"),
  "base64, two bytes later": (window) =>
    Buffer.concat([Buffer.of(7, 9), window, Buffer.of(3)]).toString("base64"),
  hex: (window) => Buffer.from(window).toString("hex"),
  HEX: (window) => Buffer.from(window).toString("hex").toUpperCase(),
  JSON: (window) => JSON.stringify(latin1(window)),
  "JSON in ASCII": (window) =>
    JSON.stringify(latin1(window)).replace(/[\x7f-\xff]/g, (char) => `\\u00${two(char.charCodeAt(0))}`),
  "PostgreSQL's bytea": (window) =>
    each(window, (byte) =>
      byte === 92
        ? "\\\\"
        : byte < 32 || byte > 126
          ? `\\${byte.toString(8).padStart(3, "0")}`
          : String.fromCharCode(byte),
    ),
  "C's escapes": (window) => each(window, (byte) => `\\x${two(byte)}`),
  URL: (window) =>
    each(window, (byte) => {
      const char = String.fromCharCode(byte);
      return /[\w.~-]/.test(char) ? char : `%${two(byte).toUpperCase()}`;
    }),
};

describe("any 24 bytes of a recording are found", () => {
  it.each(Object.entries(ENCODERS))("as %s, at any offset, over the borders of pieces", (_name, encode) => {
    fc.assert(
      fc.property(
        fc.nat(payload.length - 24),
        fc.uint8Array({ maxLength: 700 }),
        fc.uint8Array({ maxLength: 700 }),
        fc.integer({ min: 1, max: 900 }),
        (at, before, behind, pieceBytes) => {
          const window = Buffer.from(encode(payload.subarray(at, at + 24)));
          const haystack = Buffer.concat([before, window, behind]);
          expect(find(haystack, pieceBytes).length).toBeGreaterThan(0);
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe("nothing is found", () => {
  it("in other bytes, or in less than a window", () => {
    fc.assert(
      fc.property(fc.nat(payload.length - 40), fc.integer({ min: 1, max: 900 }), (at, pieceBytes) => {
        // the byte behind it, and the one before it, are not the canary's
        const part = payload.subarray(at, at + 23);
        const walls = [payload[at - 1] ?? 0, payload[at + 23] ?? 0].map((byte) => Buffer.of(byte ^ 0x55));
        const haystack = Buffer.concat([randomBytes(100), walls[0]!, part, walls[1]!, randomBytes(100)]);
        expect(find(haystack, pieceBytes)).toEqual([]);
      }),
    );
    expect(find(randomBytes(4_000_000), 65_536)).toEqual([]);
  });

  it("in what every file has: runs of the same bytes", () => {
    const silent = new Needles([{ what, bytes: Buffer.alloc(500) }]);
    expect(find(Buffer.alloc(10_000), 1_000, silent)).toEqual([]);
    expect(find(Buffer.from("00".repeat(500)), 1_000, silent)).toEqual([]);
    expect(find(Buffer.from("A".repeat(500)), 1_000, silent)).toEqual([]);
  });
});

it("a whole recording is told of once, whatever the size of the pieces", () => {
  const haystack = Buffer.concat([randomBytes(999), payload, randomBytes(999)]);
  expect(find(haystack, 10_000)).toEqual(["as it is"]);
});
