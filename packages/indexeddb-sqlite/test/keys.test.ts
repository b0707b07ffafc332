import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IDBKeyRange, type IDBValidKey } from "../src/index.ts";
import { done, openDatabase, openTemporary, thrown } from "./support.ts";

/* https://w3c.github.io/IndexedDB/#key-construct */

const ascending: IDBValidKey[] = [
  Number.NEGATIVE_INFINITY,
  -Number.MAX_VALUE,
  -1,
  -Number.MIN_VALUE,
  0,
  Number.MIN_VALUE,
  1,
  1.5,
  Number.MAX_SAFE_INTEGER,
  Number.POSITIVE_INFINITY,
  new Date(-8.64e15),
  new Date(-1),
  new Date(0),
  new Date(8.64e15),
  "",
  "\u0000",
  "\u0000\u0000",
  "\u0001",
  "\u0002",
  "a",
  "a\u0000",
  "aa",
  "b",
  "\u007f",
  "\u0080",
  "\u07ff",
  "\u0800",
  "\ud7ff",
  "\ud800", // a surrogate by itself
  "\ud83d\ude00", // a pair: above U+D7FF but below U+E000 in code units
  "\udfff",
  "\ue000",
  "\uffff",
  new Uint8Array([]).buffer,
  new Uint8Array([0]).buffer,
  new Uint8Array([0, 0]).buffer,
  new Uint8Array([1]).buffer,
  new Uint8Array([1, 0]).buffer,
  new Uint8Array([255]).buffer,
  [],
  [Number.NEGATIVE_INFINITY],
  [1],
  [1, 1],
  [1, "a"],
  [new Date(0)],
  ["", 0],
  ["\u0000"],
  [new Uint8Array([]).buffer],
  [[]],
  [[], 0],
  [[[]]],
];

describe("comparing keys", () => {
  test("every pair of a list in ascending order", () => {
    const { indexedDB } = openTemporary();
    for (const [low, one] of ascending.entries()) {
      for (const [high, other] of ascending.entries()) {
        expect(indexedDB.cmp(one, other), `${low} and ${high}`).toBe(Math.sign(low - high));
      }
    }
  });

  test("0 and -0 are one key", () => {
    expect(openTemporary().indexedDB.cmp(0, -0)).toBe(0);
  });

  test("strings compare by code units, as in JavaScript", () => {
    const { indexedDB } = openTemporary();
    const text = fc.string({
      unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    });
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(indexedDB.cmp(one, other)).toBe(one < other ? -1 : Number(one > other));
      }),
    );
  });
});

test("records come back in the order of their keys, with keys equal to those given", async () => {
  const database = await openDatabase(openTemporary(), (db) => {
    const store = db.createObjectStore("s");
    for (const key of [...ascending].reverse()) store.put(0, key);
  });
  expect(await done(database.transaction("s").objectStore("s").getAllKeys())).toEqual(ascending);
});

describe("what is no key", () => {
  const cyclic: unknown[] = [];
  cyclic.push(cyclic);
  const holes = [1, 2, 3];
  delete holes[1];
  const detached = new Uint8Array(4);
  structuredClone(detached, { transfer: [detached.buffer] });

  test.each([
    ["NaN", Number.NaN],
    ["undefined", undefined],
    ["null", null],
    ["a boolean", true],
    ["a bigint", 1n],
    ["an object", {}],
    ["a function", () => {}],
    ["an invalid date", new Date(Number.NaN)],
    ["an array with something invalid in it", [1, [null]]],
    ["an array that contains itself", cyclic],
    ["an array with a hole", holes],
    ["a regular expression", /a/],
    ["a view of a detached buffer", detached],
    ["shared memory", new Uint8Array(new SharedArrayBuffer(1))],
  ])("%s", (_, key) => {
    expect(thrown(() => IDBKeyRange.only(key))).toBe("DataError");
  });

  test("a getter that throws: its exception passes through", () => {
    const array: unknown[] = [0];
    Object.defineProperty(array, "0", {
      get() {
        throw new RangeError("mine");
      },
    });
    expect(thrown(() => IDBKeyRange.only(array))).toBe("RangeError");
  });
});

describe("key ranges", () => {
  test("have the bounds they were made with", () => {
    expect(IDBKeyRange.bound(1, [2], true, false)).toMatchObject({
      lower: 1,
      upper: [2],
      lowerOpen: true,
      upperOpen: false,
    });
    expect(IDBKeyRange.only("x")).toMatchObject({
      lower: "x",
      upper: "x",
      lowerOpen: false,
      upperOpen: false,
    });
    expect(IDBKeyRange.lowerBound(1)).toMatchObject({ upper: undefined, lowerOpen: false, upperOpen: true });
    expect(IDBKeyRange.upperBound(1, true)).toMatchObject({
      lower: undefined,
      lowerOpen: true,
      upperOpen: true,
    });
  });

  test("refuse a lower bound above the upper one", () => {
    expect(thrown(() => IDBKeyRange.bound(2, 1))).toBe("DataError");
    expect(thrown(() => IDBKeyRange.bound("a", 1))).toBe("DataError");
  });

  test("include what lies between the bounds, and the bounds unless they are open", () => {
    const range = IDBKeyRange.bound(1, 3, true, false);
    expect([1, 1.5, 3, 3.5, "a"].map((key) => range.includes(key))).toEqual([
      false,
      true,
      true,
      false,
      false,
    ]);
    expect(IDBKeyRange.lowerBound("b").includes(["a"])).toBe(true);
    expect(thrown(() => range.includes({}))).toBe("DataError");
  });
});
