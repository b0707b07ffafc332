import { describe, expect, test } from "vitest";
import { type IDBDatabase, IDBKeyRange, type IDBObjectStore, openIndexedDB } from "../src/index.ts";
import { done, ended, openDatabase, openTemporary, temporaryPath, thrown } from "./support.ts";

/* https://w3c.github.io/IndexedDB/#object-store-interface and https://w3c.github.io/IndexedDB/#index-interface */

/** Opens a database with one store, and runs an action in a transaction over it. */
async function withStore<T>(
  create: (db: IDBDatabase) => IDBObjectStore,
  action: (store: IDBObjectStore) => Promise<T>,
): Promise<T> {
  const database = await openDatabase(openTemporary(), create);
  return action(database.transaction("s", "readwrite").objectStore("s"));
}

const plain = (db: IDBDatabase) => db.createObjectStore("s");

describe("add() and put()", () => {
  test("give the key; add() refuses one that is taken, put() overwrites it", () =>
    withStore(plain, async (store) => {
      expect(await done(store.add("one", 1))).toBe(1);
      await expect(done(store.add("two", 1))).rejects.toMatchObject({ name: "ConstraintError" });
      expect(await done(store.put("three", 1))).toBe(1);
      expect(await done(store.get(1))).toBe("three");
    }));

  test.each([
    ["no key for a store without key path and generator", {}, [1]],
    ["a key for a store with a key path", { keyPath: "id" }, [{ id: 1 }, 1]],
    ["a value without the key path's property", { keyPath: "id" }, [{}]],
    ["a value whose property is no key", { keyPath: "id" }, [{ id: {} }]],
    ["a generated key that has no place in the value", { keyPath: "a.b", autoIncrement: true }, [{ a: 1 }]],
    ["an invalid key", {}, [1, {}]],
  ])("refuse %s", async (_, options, [value, key]) => {
    const create = (db: IDBDatabase) => db.createObjectStore("s", options);
    await withStore(create, async (store) => {
      expect(thrown(() => store.put(value, key))).toBe("DataError");
    });
  });

  test("take the value as it is at the call", () =>
    withStore(plain, async (store) => {
      const value = { list: [1] };
      const request = store.put(value, 1);
      value.list.push(2);
      await done(request);
      expect(await done(store.get(1))).toEqual({ list: [1] });
    }));
});

describe("key paths", () => {
  test.each<[string | string[], object, unknown]>([
    ["id", { id: 5 }, 5],
    ["a.b.c", { a: { b: { c: "x" } } }, "x"],
    ["list.length", { list: [1, 2] }, 2],
    ["text.length", { text: "four" }, 4],
    [["a", "b"], { a: 1, b: [2] }, [1, [2]]],
    ["date", { date: new Date(5) }, new Date(5)],
  ])("%s finds the key", (keyPath, value, key) =>
    withStore(
      (db) => db.createObjectStore("s", { keyPath }),
      async (store) => expect(await done(store.put(value))).toEqual(key),
    ),
  );

  test.each(["a b", "1a", ".", "a.", "a..b", "a-b"])("%j is a SyntaxError", async (keyPath) => {
    await openDatabase(openTemporary(), (db) => {
      expect(thrown(() => db.createObjectStore("s", { keyPath }))).toBe("SyntaxError");
      expect(thrown(() => db.createObjectStore("t").createIndex("i", keyPath))).toBe("SyntaxError");
      db.deleteObjectStore("t");
    });
  });

  test("look at the value's own properties only", () =>
    withStore(
      (db) => db.createObjectStore("s", { keyPath: "constructor" }),
      async (store) => expect(thrown(() => store.put({}))).toBe("DataError"),
    ));
});

describe("the key generator", () => {
  const generated = (db: IDBDatabase) =>
    db.createObjectStore("s", { keyPath: "meta.id", autoIncrement: true });

  test("counts from 1, puts its number into the value, and goes on above numbers that are given", () =>
    withStore(generated, async (store) => {
      const keys = [{}, { meta: { id: 10.7 } }, {}, { meta: { id: "text" } }, { meta: { id: -5 } }, {}].map(
        (value) => done(store.add(value)),
      );
      expect(await Promise.all(keys)).toEqual([1, 10.7, 11, "text", -5, 12]);
      expect(await done(store.get(12))).toEqual({ meta: { id: 12 } });
    }));

  test("does not count a record that could not be stored", () =>
    withStore(
      (db) => {
        const store = generated(db);
        store.createIndex("u", "u", { unique: true });
        return store;
      },
      async (store) => {
        await done(store.add({ u: 1 }));
        await expect(done(store.add({ u: 1 }))).rejects.toMatchObject({ name: "ConstraintError" });
        expect(await done(store.add({ u: 2 }))).toBe(2);
      },
    ));

  test("gives 2^53 and then no more", () =>
    withStore(generated, async (store) => {
      await done(store.put({ meta: { id: 2 ** 53 - 1 } }));
      expect(await done(store.put({}))).toBe(2 ** 53);
      await expect(done(store.put({}))).rejects.toMatchObject({ name: "ConstraintError" });
    }));

  test("is put back by an abort, survives clear() and reopening", async () => {
    const path = temporaryPath();
    const file = openIndexedDB(path);
    const database = await openDatabase(file, generated);
    const write = (action: (store: IDBObjectStore) => void, abort = false) => {
      const transaction = database.transaction("s", "readwrite");
      action(transaction.objectStore("s"));
      if (!abort) return ended(transaction);
      transaction.objectStore("s").count().onsuccess = () => transaction.abort();
      return ended(transaction);
    };
    await write((store) => store.put({}));
    await write((store) => store.put({}), true);
    await write((store) => store.clear());
    file.close();
    const again = await openDatabase(openTemporary(path));
    expect(await done(again.transaction("s", "readwrite").objectStore("s").put({}))).toBe(2);
  });
});

describe("indexes", () => {
  const people = [
    { id: 1, name: "Ada", tags: ["x", "y", "x"] },
    { id: 2, name: "Bob", tags: "y" },
    { id: 3, name: "Ada", tags: [null, "z"] },
    { id: 4, tags: [] },
  ];
  const withPeople = (db: IDBDatabase) => {
    const store = db.createObjectStore("s", { keyPath: "id" });
    store.createIndex("name", "name");
    store.createIndex("tags", "tags", { multiEntry: true });
    for (const person of people) store.put(person);
    store.createIndex("later", ["name", "id"], { unique: true });
    return store;
  };

  test("list each record under its key, in order of key and then primary key", () =>
    withStore(withPeople, async (store) => {
      expect(await done(store.index("name").getAllKeys())).toEqual([1, 3, 2]);
      expect(await done(store.index("name").get("Ada"))).toEqual(people[0]);
      expect(await done(store.index("name").getKey("Bob"))).toBe(2);
      expect(await done(store.index("later").getAllKeys(IDBKeyRange.lowerBound(["Ada", 2])))).toEqual([3, 2]);
    }));

  test("with multiEntry list each distinct valid element", () =>
    withStore(withPeople, async (store) => {
      const records = await done(store.index("tags").getAllRecords());
      expect(records.map(({ key, primaryKey }) => [key, primaryKey])).toEqual([
        ["x", 1],
        ["y", 1],
        ["y", 2],
        ["z", 3],
      ]);
    }));

  test("follow every change of the records", () =>
    withStore(withPeople, async (store) => {
      store.put({ id: 2, name: "Eve", tags: ["z"] });
      store.delete(IDBKeyRange.bound(3, 4));
      expect(await done(store.index("name").getAllKeys())).toEqual([1, 2]);
      expect(await done(store.index("tags").count("z"))).toBe(1);
      store.clear();
      expect(await done(store.index("tags").count())).toBe(0);
    }));

  test("that are unique refuse a second record with the key, and change nothing then", () =>
    withStore(
      (db) => {
        const store = db.createObjectStore("s");
        store.createIndex("a", "a");
        store.createIndex("u", "u", { unique: true });
        return store;
      },
      async (store) => {
        await done(store.put({ a: 1, u: 1 }, "one"));
        await done(store.put({ a: 2, u: 2 }, "two"));
        await expect(done(store.put({ a: 3, u: 1 }, "two"))).rejects.toMatchObject({
          name: "ConstraintError",
        });
        expect(await done(store.index("a").getAll())).toEqual([
          { a: 1, u: 1 },
          { a: 2, u: 2 },
        ]);
        await done(store.put({ a: 4, u: 1 }, "one"));
        expect(await done(store.index("a").getAllKeys())).toEqual(["two", "one"]);
      },
    ));

  test("a record put before an index was deleted still had to obey it", async () => {
    let failure: Promise<unknown> = Promise.resolve();
    await openDatabase(openTemporary(), (db) => {
      const store = db.createObjectStore("s");
      store.createIndex("u", "u", { unique: true });
      store.put({ u: 1 }, 1);
      failure = done(store.put({ u: 1 }, 2)).catch((error: unknown) => error);
      store.deleteIndex("u");
      store.put({ u: 1 }, 3);
    });
    expect(await failure).toMatchObject({ name: "ConstraintError" });
  });

  test("renamed and deleted ones are so after reopening", async () => {
    const path = temporaryPath();
    const file = openIndexedDB(path);
    (await openDatabase(file, withPeople)).close();
    const upgraded = await openDatabase(
      file,
      (_, transaction) => {
        transaction.objectStore("s").index("name").name = "who";
        transaction.objectStore("s").deleteIndex("tags");
        transaction.objectStore("s").name = "people";
      },
      { version: 2 },
    );
    upgraded.close();
    file.close();
    const store = (await openDatabase(openTemporary(path), undefined, { version: 2 }))
      .transaction("people")
      .objectStore("people");
    expect([...store.indexNames]).toEqual(["later", "who"]);
    expect(await done(store.index("who").getAllKeys("Ada"))).toEqual([1, 3]);
  });
});

describe("reading many", () => {
  const numbers = (db: IDBDatabase) => {
    const store = db.createObjectStore("s");
    for (let key = 1; key <= 9; key++) store.put({ third: key % 3 }, key);
    store.createIndex("third", "third");
    return store;
  };

  test("getAll() and getAllKeys() take a range and a count; 0 is no limit", () =>
    withStore(numbers, async (store) => {
      const range = IDBKeyRange.bound(3, 7, true);
      expect(await done(store.getAllKeys(range))).toEqual([4, 5, 6, 7]);
      expect(await done(store.getAllKeys(range, 2))).toEqual([4, 5]);
      expect(await done(store.getAllKeys(null, 0))).toHaveLength(9);
      expect(await done(store.getAll(9))).toEqual([{ third: 0 }]);
      expect(thrown(() => store.getAll(null, -1))).toBe("TypeError");
    }));

  test("with options they go in any direction", () =>
    withStore(numbers, async (store) => {
      const query = IDBKeyRange.upperBound(5);
      expect(await done(store.getAllKeys({ query, direction: "prev", count: 3 }))).toEqual([5, 4, 3]);
      const index = store.index("third");
      expect(await done(index.getAllKeys({ direction: "nextunique" }))).toEqual([3, 1, 2]);
      expect(await done(index.getAllKeys({ direction: "prevunique" }))).toEqual([2, 1, 3]);
      expect(await done(index.getAllKeys({ direction: "prev", count: 2 }))).toEqual([8, 5]);
      expect(thrown(() => store.getAll({ direction: "up" }))).toBe("TypeError");
    }));

  test("count() counts keys, ranges, everything", () =>
    withStore(numbers, async (store) => {
      const counts = [
        store.count(),
        store.count(5),
        store.count(IDBKeyRange.lowerBound(8)),
        store.index("third").count(1),
      ];
      expect(await Promise.all(counts.map(done))).toEqual([9, 1, 2, 3]);
    }));

  test("a key is needed where one is needed", () =>
    withStore(numbers, async (store) => {
      for (const method of ["get", "getKey", "delete"] as const) {
        expect(thrown(() => store[method](undefined))).toBe("DataError");
        expect(thrown(() => store[method](null))).toBe("DataError");
      }
    }));
});

test("a deleted store or index can no longer be used", async () => {
  await openDatabase(openTemporary(), (db) => {
    const store = db.createObjectStore("s");
    const index = store.createIndex("i", "a");
    store.deleteIndex("i");
    expect(thrown(() => index.get(1))).toBe("InvalidStateError");
    db.deleteObjectStore("s");
    expect(thrown(() => store.put(1, 1))).toBe("InvalidStateError");
    expect(thrown(() => store.createIndex("i", "a"))).toBe("InvalidStateError");
    expect(thrown(() => db.deleteObjectStore("s"))).toBe("NotFoundError");
  });
});
