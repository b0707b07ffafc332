import { describe, expect, test } from "vitest";
import type {
  IDBCursor,
  IDBCursorDirection,
  IDBCursorWithValue,
  IDBObjectStore,
  IDBRequest,
} from "../src/index.ts";
import { IDBKeyRange } from "../src/index.ts";
import { done, ended, openDatabase, openTemporary, thrown } from "./support.ts";

/* https://w3c.github.io/IndexedDB/#cursor-interface */

async function store(mode: "readonly" | "readwrite" = "readwrite"): Promise<IDBObjectStore> {
  const database = await openDatabase(openTemporary(), (db) => {
    const objects = db.createObjectStore("s");
    objects.createIndex("letter", "letter");
    for (const [key, letter] of ["b", "a", "c", "a", "b"].entries()) objects.put({ letter }, key + 1);
  });
  return database.transaction("s", mode).objectStore("s");
}

/** Calls for each position of the cursor; the last call gets null. */
function walk<T extends IDBCursor>(
  request: IDBRequest<T | null>,
  visit: (cursor: T | null) => void,
): Promise<void> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => {
      const cursor = request.result;
      visit(cursor);
      if (cursor === null) resolve();
    };
    request.onerror = () => reject(request.error);
  });
}

async function positions(request: IDBRequest<IDBCursor | null>): Promise<unknown[]> {
  const seen: unknown[] = [];
  await walk(request, (cursor) => {
    if (cursor === null) return;
    seen.push(cursor.key === cursor.primaryKey ? cursor.key : [cursor.key, cursor.primaryKey]);
    cursor.continue();
  });
  return seen;
}

describe("a cursor visits", () => {
  test.each<[IDBCursorDirection, unknown[], unknown[]]>([
    [
      "next",
      [1, 2, 3, 4, 5],
      [
        ["a", 2],
        ["a", 4],
        ["b", 1],
        ["b", 5],
        ["c", 3],
      ],
    ],
    [
      "nextunique",
      [1, 2, 3, 4, 5],
      [
        ["a", 2],
        ["b", 1],
        ["c", 3],
      ],
    ],
    [
      "prev",
      [5, 4, 3, 2, 1],
      [
        ["c", 3],
        ["b", 5],
        ["b", 1],
        ["a", 4],
        ["a", 2],
      ],
    ],
    [
      "prevunique",
      [5, 4, 3, 2, 1],
      [
        ["c", 3],
        ["b", 1],
        ["a", 2],
      ],
    ],
  ])(
    "direction %s: a store by its keys, an index by key and primary key",
    async (direction, ofStore, ofIndex) => {
      const objects = await store();
      expect(await positions(objects.openCursor(null, direction))).toEqual(ofStore);
      expect(await positions(objects.openKeyCursor(null, direction))).toEqual(ofStore);
      expect(await positions(objects.index("letter").openCursor(null, direction))).toEqual(ofIndex);
      expect(await positions(objects.index("letter").openKeyCursor(null, direction))).toEqual(ofIndex);
    },
  );

  test("only what is in its range", async () => {
    const objects = await store();
    expect(await positions(objects.openCursor(IDBKeyRange.bound(2, 4, true)))).toEqual([3, 4]);
    expect(await positions(objects.index("letter").openCursor("b", "prev"))).toEqual([
      ["b", 5],
      ["b", 1],
    ]);
    expect(await positions(objects.openCursor(9))).toEqual([]);
  });

  test("records that were added or deleted ahead of it meanwhile", async () => {
    const objects = await store();
    const seen: unknown[] = [];
    await walk(objects.openCursor(), (cursor) => {
      if (cursor === null) return;
      seen.push(cursor.key);
      if (cursor.key === 2) {
        objects.delete(3);
        objects.put({ letter: "z" }, 3.5);
        objects.put({ letter: "z" }, 1.5);
      }
      cursor.continue();
    });
    expect(seen).toEqual([1, 2, 3.5, 4, 5]);
  });
});

describe("a cursor moves", () => {
  /** The position after one move from the first one. */
  async function moved(
    request: IDBRequest<IDBCursor | null>,
    move: (cursor: IDBCursor) => void,
  ): Promise<unknown> {
    const cursor = (await done(request))!;
    move(cursor);
    const result = (await done(request)) as IDBCursor | null;
    return result && [result.key, result.primaryKey];
  }

  test("to a key or the next one there is, also with a primary key, or by a number of records", async () => {
    const objects = await store();
    const index = objects.index("letter");
    expect(await moved(objects.openCursor(), (cursor) => cursor.continue(2.5))).toEqual([3, 3]);
    expect(await moved(objects.openCursor(null, "prev"), (cursor) => cursor.continue(2.5))).toEqual([2, 2]);
    expect(await moved(objects.openCursor(), (cursor) => cursor.advance(3))).toEqual([4, 4]);
    expect(await moved(objects.openCursor(), (cursor) => cursor.advance(5))).toBeNull();
    expect(await moved(index.openCursor(null, "nextunique"), (cursor) => cursor.advance(2))).toEqual([
      "c",
      3,
    ]);
    expect(await moved(index.openCursor(), (cursor) => cursor.continuePrimaryKey("a", 3))).toEqual(["a", 4]);
    expect(await moved(index.openCursor(), (cursor) => cursor.continuePrimaryKey("b", 6))).toEqual(["c", 3]);
    expect(
      await moved(index.openCursor(null, "prev"), (cursor) => cursor.continuePrimaryKey("b", 4)),
    ).toEqual(["b", 1]);
  });

  test("never back, not twice at once, and not past its end", async () => {
    const objects = await store();
    const request = objects.openCursor(IDBKeyRange.lowerBound(4));
    const cursor = (await done(request))!;
    expect(thrown(() => cursor.continue(4))).toBe("DataError");
    expect(thrown(() => cursor.advance(0))).toBe("TypeError");
    expect(thrown(() => cursor.continuePrimaryKey(5, 5))).toBe("InvalidAccessError");
    cursor.continue();
    expect(request.readyState).toBe("pending");
    expect(thrown(() => cursor.continue())).toBe("InvalidStateError");
    expect(cursor.key).toBe(4);
    await done(request);
    cursor.continue();
    expect(await done(request)).toBeNull();
    expect(cursor.key).toBeUndefined();
    expect(thrown(() => cursor.continue())).toBe("InvalidStateError");
  });

  test("only while its transaction is active", async () => {
    const objects = await store();
    const cursor = (await done(objects.openCursor()))!;
    await ended(objects.transaction);
    expect(thrown(() => cursor.continue())).toBe("TransactionInactiveError");
  });
});

describe("a cursor changes", () => {
  test("its record by update() and delete(), in the store and in an index", async () => {
    const objects = await store();
    await walk<IDBCursorWithValue>(objects.index("letter").openCursor(), (cursor) => {
      if (cursor === null) return;
      if (cursor.key === "a") cursor.update({ letter: "A", was: cursor.value });
      if (cursor.key === "b") cursor.delete();
      cursor.continue();
    });
    expect(await done(objects.getAllKeys())).toEqual([2, 3, 4]);
    expect(await done(objects.get(2))).toEqual({ letter: "A", was: { letter: "a" } });
    expect(await done(objects.index("letter").getAllKeys())).toEqual([2, 4, 3]);
  });

  test("nothing if it has keys only, if the transaction only reads, or if the key in the value is another", async () => {
    const keyCursor = (await done((await store()).openKeyCursor()))! as IDBCursorWithValue;
    expect(thrown(() => keyCursor.update({}))).toBe("InvalidStateError");
    expect(thrown(() => keyCursor.delete())).toBe("InvalidStateError");
    expect("value" in keyCursor).toBe(false);
    const readCursor = (await done((await store("readonly")).openCursor()))!;
    expect(thrown(() => readCursor.update({}))).toBe("ReadOnlyError");
    const database = await openDatabase(openTemporary(), (db) => {
      db.createObjectStore("s", { keyPath: "id" }).put({ id: 1 });
    });
    const cursor = (await done(database.transaction("s", "readwrite").objectStore("s").openCursor()))!;
    expect(thrown(() => cursor.update({ id: 2 }))).toBe("DataError");
  });
});
