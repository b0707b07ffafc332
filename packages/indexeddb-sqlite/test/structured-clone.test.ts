import { describe, expect, test } from "vitest";
import { openIndexedDB } from "../src/index.ts";
import { done, ended, openDatabase, openTemporary, temporaryPath, thrown } from "./support.ts";

/** TypeScript knows WebAssembly as a part of browsers only. */
function compiledModule(): unknown {
  const { Module } = Reflect.get(globalThis, "WebAssembly") as { Module: new (bytes: Uint8Array) => unknown };
  return new Module(new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]));
}

/** What comes out of a file that was closed and opened again. */
async function roundTrip(value: unknown): Promise<unknown> {
  const path = temporaryPath();
  const store = openIndexedDB(path);
  const database = await openDatabase(store, (db) => db.createObjectStore("s"));
  const transaction = database.transaction("s", "readwrite");
  transaction.objectStore("s").put(value, 1);
  expect(await ended(transaction)).toBe("complete");
  store.close();
  return done((await openDatabase(openTemporary(path))).transaction("s").objectStore("s").get(1));
}

describe("comes back as it was", () => {
  const sparse = Object.assign([1, 2], { 5: "five", name: "own" });

  test.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["numbers", [Number.NaN, -0, 0, 1.5, Number.NEGATIVE_INFINITY, 2 ** 53]],
    ["bigints", [0n, -(2n ** 80n)]],
    ["strings", ["", "\u0000", "\ud800", "é😀"]],
    ["wrapped primitives", [Object(true), Object(1), Object("text"), Object(1n)]],
    ["dates", [new Date(0), new Date(Number.NaN)]],
    ["regular expressions", [/a\/b/giu]],
    ["a sparse array with a name", sparse],
    ["a map of sets", new Map<unknown, unknown>([[{ a: 1 }, new Set([1, "1", new Set()])]])],
    ["buffers", [new ArrayBuffer(0), new Uint8Array([1, 0, 255]).buffer]],
    [
      "views",
      [
        new Int8Array([-1]),
        new Uint8ClampedArray([300]),
        new Float64Array([Math.PI]),
        new BigInt64Array([-1n]),
      ],
    ],
    ["nothing but nesting", { a: [{ b: [[{ c: {} }]] }] }],
  ])("%s", async (_, value) => {
    expect(await roundTrip(value)).toEqual(value);
  });

  test("an object that refers to itself, and things referred to twice", async () => {
    const twice = new Uint8Array([1, 2]);
    const value: Record<string, unknown> = { one: twice, two: twice, buffer: twice.buffer };
    value.self = value;
    const result = (await roundTrip(value)) as typeof value & { one: Uint8Array };
    expect(result.self).toBe(result);
    expect(result.one).toBe(result.two);
    expect(result.one.buffer).toBe(result.buffer);
  });

  test("an error with its cause", async () => {
    const result = await roundTrip(new RangeError("far", { cause: new TypeError("odd") }));
    expect(result).toBeInstanceOf(RangeError);
    expect(result).toMatchObject({ message: "far", cause: { message: "odd" } });
  });

  test("blobs and files, wherever they are in the value", async () => {
    const blob = new Blob(["content"], { type: "text/plain" });
    const file = new File([new Uint8Array([1, 2])], "name.bin", { lastModified: 5 });
    const value = { blob, list: [file, blob], map: new Map([[blob, file]]), set: new Set([file]) };
    const result = (await roundTrip(value)) as typeof value;
    expect(await result.blob.text()).toBe("content");
    expect(result.blob.type).toBe("text/plain");
    expect(result.list[1]).toBe(result.blob);
    expect(result.map.get(result.blob)).toBe(result.list[0]);
    expect([...result.set][0]).toMatchObject({ name: "name.bin", lastModified: 5, size: 2 });
    expect(await ((await roundTrip(blob)) as Blob).text()).toBe("content");
  });
});

test("a Buffer comes back as a Uint8Array, and no neighbour in Node's pool gets into the file", async () => {
  const secret = Buffer.from("a secret beside it");
  const result = (await roundTrip(Buffer.from("short"))) as Uint8Array;
  expect(Object.getPrototypeOf(result)).toBe(Uint8Array.prototype);
  expect(Buffer.from(result).toString()).toBe("short");
  expect(result.buffer.byteLength).toBe(5);
  expect(secret.buffer.byteLength).toBeGreaterThan(5);
});

describe("is refused at once with DataCloneError", () => {
  test.each<[string, unknown]>([
    ["a function", () => {}],
    ["a symbol", Symbol("s")],
    ["a function inside", { list: [() => {}] }],
    ["a promise", Promise.resolve()],
    ["a weak map", new WeakMap()],
    ["a proxy", new Proxy({}, {})],
    ["shared memory", new SharedArrayBuffer(1)],
    ["a view of shared memory inside", { view: new Uint8Array(new SharedArrayBuffer(1)) }],
    ["a compiled module", compiledModule()],
    ["an event", new Event("e")],
    ["a message channel", new MessageChannel()],
    ["the global object", globalThis],
  ])("%s", async (_, value) => {
    const database = await openDatabase(openTemporary(), (db) => db.createObjectStore("s"));
    const store = database.transaction("s", "readwrite").objectStore("s");
    expect(thrown(() => store.put(value, 1))).toBe("DataCloneError");
    expect(await done(store.count())).toBe(0);
  });
});

test("a getter is called once, and what it throws passes through", async () => {
  const database = await openDatabase(openTemporary(), (db) => {
    db.createObjectStore("s", { keyPath: "id" }).createIndex("i", "id");
  });
  const store = database.transaction("s", "readwrite").objectStore("s");
  let calls = 0;
  const counting = {
    get id() {
      return ++calls;
    },
  };
  expect(await done(store.put(counting))).toBe(1);
  expect(calls).toBe(1);
  const throwing = {
    get id() {
      throw new EvalError("mine");
    },
  };
  expect(thrown(() => store.put(throwing))).toBe("EvalError");
});

test("key injection and extraction run no setters or getters of Object.prototype", async () => {
  const database = await openDatabase(openTemporary(), (db) => {
    db.createObjectStore("s", { autoIncrement: true, keyPath: "a.b" });
  });
  Object.defineProperty(Object.prototype, "a", {
    configurable: true,
    get: () => expect.unreachable(),
    set: () => expect.unreachable(),
  });
  try {
    const store = database.transaction("s", "readwrite").objectStore("s");
    expect(await done(store.put({}))).toBe(1);
    expect(Object.entries((await done(store.get(1))) as object)).toEqual([["a", { b: 1 }]]);
  } finally {
    Reflect.deleteProperty(Object.prototype, "a");
  }
});
