import { describe, expect, test } from "vitest";
import { interfaces, openIndexedDB } from "../src/index.ts";
import { openDatabase, openTemporary, temporaryPath, thrown } from "./support.ts";

/* https://webidl.spec.whatwg.org/#js-interfaces */

const classes = Object.entries(interfaces);

test("every file gives the same interfaces, and nothing becomes global", () => {
  const before = Object.getOwnPropertyNames(globalThis);
  const [one, two] = [openTemporary(), openTemporary()];
  for (const [name, each] of classes)
    expect([name, one[name as keyof typeof one], two[name as keyof typeof two]]).toEqual([name, each, each]);
  expect(one.indexedDB).not.toBe(two.indexedDB);
  expect(one.indexedDB).toBeInstanceOf(interfaces.IDBFactory);
  expect(Object.getOwnPropertyNames(globalThis)).toEqual(before);
});

describe.each(classes)("%s", (name, each) => {
  test("has its name, a class string and enumerable members", () => {
    expect(each.name).toBe(name);
    expect(Object.prototype.toString.call(each.prototype)).toBe(`[object ${name}]`);
    for (const [member, { enumerable }] of Object.entries(Object.getOwnPropertyDescriptors(each.prototype))) {
      if (member !== "constructor" && !/^(add|remove)EventListener$|^dispatchEvent$/.test(member))
        expect([member, enumerable]).toEqual([member, true]);
    }
  });

  test("its members refuse other objects", () => {
    for (const [member, { get, value }] of Object.entries(Object.getOwnPropertyDescriptors(each.prototype))) {
      if (get) expect([member, thrown(() => get.call({}))]).toEqual([member, "TypeError"]);
      else if (member !== "constructor" && member !== "databases" && typeof value === "function")
        expect([member, thrown(() => value.call({}, 1, 1))]).toEqual([member, "TypeError"]);
    }
  });
});

test.each(classes.filter(([name]) => name !== "IDBVersionChangeEvent"))(
  "%s cannot be constructed by a script",
  (_, each) => {
    expect(each.length).toBe(0);
    expect(thrown(() => new each("" as never))).toBe("TypeError");
  },
);

test("operations say how many arguments they need, and need them", () => {
  const { IDBFactory, IDBDatabase, IDBObjectStore, IDBKeyRange } = interfaces;
  expect(IDBFactory.prototype.open.length).toBe(1);
  expect(IDBFactory.prototype.cmp.length).toBe(2);
  expect(IDBDatabase.prototype.transaction.length).toBe(1);
  expect(IDBObjectStore.prototype.createIndex.length).toBe(2);
  expect(IDBObjectStore.prototype.openCursor.length).toBe(0);
  expect(IDBKeyRange.bound.length).toBe(2);
  const { indexedDB } = openTemporary();
  expect(thrown(() => Reflect.apply(indexedDB.open, indexedDB, []))).toBe("TypeError");
});

test("requests, transactions and databases are event targets; cursors with values are cursors", () => {
  const { IDBRequest, IDBOpenDBRequest, IDBTransaction, IDBDatabase, IDBCursor, IDBCursorWithValue } =
    interfaces;
  for (const each of [IDBRequest, IDBTransaction, IDBDatabase])
    expect(Object.getPrototypeOf(each)).toBe(EventTarget);
  expect(Object.getPrototypeOf(IDBOpenDBRequest)).toBe(IDBRequest);
  expect(Object.getPrototypeOf(IDBCursorWithValue)).toBe(IDBCursor);
});

test("IDBVersionChangeEvent can be made by a script", () => {
  const { IDBVersionChangeEvent } = interfaces;
  expect(new IDBVersionChangeEvent("e")).toMatchObject({
    type: "e",
    oldVersion: 0,
    newVersion: null,
    bubbles: false,
  });
  const event = new IDBVersionChangeEvent("e", { oldVersion: 1, newVersion: 2, bubbles: true });
  expect(event).toMatchObject({ oldVersion: 1, newVersion: 2, bubbles: true });
  expect(event).toBeInstanceOf(Event);
});

test("lists of names are DOMStringLists in order of code units", async () => {
  const store = openIndexedDB(temporaryPath());
  const database = await openDatabase(store, (db) => {
    for (const name of ["b", "\uffff", "a", "\ud83d\ude00"]) db.createObjectStore(name);
  });
  const names = database.objectStoreNames;
  store.close();
  expect(names).toBeInstanceOf(interfaces.DOMStringList);
  expect([...names]).toEqual(["a", "b", "\ud83d\ude00", "\uffff"]);
  expect([names.length, names.item(1), names[0], names[9], names.item(9)]).toEqual([
    4,
    "b",
    "a",
    undefined,
    null,
  ]);
  expect([names.contains("a"), names.contains("c")]).toEqual([true, false]);
});
