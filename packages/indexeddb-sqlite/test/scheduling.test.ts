import { describe, expect, test } from "vitest";
import type { IDBDatabase, IDBObjectStore, IDBTransaction } from "../src/index.ts";
import { openIndexedDB } from "../src/index.ts";
import { start } from "./child.ts";
import { done, ended, openDatabase, openTemporary, temporaryPath } from "./support.ts";

/* https://w3c.github.io/IndexedDB/#transaction-scheduling */

const withStores = (db: IDBDatabase) => {
  for (const name of ["a", "b", "c"])
    db.createObjectStore(name, { autoIncrement: true }).createIndex("v", "v");
};

/** Keeps a transaction busy until the other one has done something. */
function keepBusy(store: IDBObjectStore, until: () => boolean): void {
  store.put({ v: "busy" }, "busy").onsuccess = () => {
    if (!until()) keepBusy(store, until);
  };
}

const all = (database: IDBDatabase, name: string) =>
  done(database.transaction(name).objectStore(name).getAll());

describe("transactions whose scopes overlap", () => {
  test("run in the order of their creation, each with all the requests it had when it had to wait", async () => {
    const database = await openDatabase(openTemporary(), withStores);
    const log: string[] = [];
    const transactions = ["first", "second", "third"].map((name) => {
      const transaction = database.transaction("a", "readwrite");
      for (const step of [1, 2, 3]) {
        transaction.objectStore("a").put({ v: `${name} ${step}` }).onsuccess = () =>
          log.push(`${name} ${step}`);
      }
      transaction.oncomplete = () => log.push(name);
      return ended(transaction);
    });
    expect(await Promise.all(transactions)).toEqual(["complete", "complete", "complete"]);
    expect(log).toEqual(
      ["first", "second", "third"].flatMap((name) => [`${name} 1`, `${name} 2`, `${name} 3`, name]),
    );
    expect(await all(database, "a")).toHaveLength(9);
  });

  test("read side by side", async () => {
    const database = await openDatabase(openTemporary(), withStores);
    const seen = new Set<number>();
    const read = (number: number): Promise<unknown> => {
      const transaction = database.transaction("a");
      const again = () => {
        transaction.objectStore("a").get(0).onsuccess = () => {
          seen.add(number);
          if (seen.size < 2) again();
        };
      };
      again();
      return ended(transaction);
    };
    expect(await Promise.all([read(1), read(2)])).toEqual(["complete", "complete"]);
  });

  test("a reader created after a writer sees what it wrote, one created before does not", async () => {
    const database = await openDatabase(openTemporary(), withStores);
    const before = done(database.transaction("a").objectStore("a").count());
    database.transaction("a", "readwrite").objectStore("a").put({ v: 1 });
    const after = done(database.transaction("a").objectStore("a").count());
    expect([await before, await after]).toEqual([0, 1]);
  });
});

describe("writers of different object stores run side by side", () => {
  function runTogether(database: IDBDatabase): {
    a: IDBTransaction;
    b: IDBTransaction;
    met: Promise<unknown>;
  } {
    const a = database.transaction("a", "readwrite");
    const b = database.transaction("b", "readwrite");
    const seen = new Set<IDBTransaction>();
    const both = () => seen.size === 2;
    const met = Promise.all(
      [a, b].map((transaction) => {
        const store = transaction.objectStore(transaction.objectStoreNames[0]!);
        return done(store.put({ v: "first" })).then(() => {
          seen.add(transaction);
          keepBusy(store, both);
        });
      }),
    );
    return { a, b, met };
  }

  test("neither waits for the other", async () => {
    const database = await openDatabase(openTemporary(), withStores);
    const { a, b, met } = runTogether(database);
    await met;
    expect(await Promise.all([ended(a), ended(b)])).toEqual(["complete", "complete"]);
  });

  test("across databases too", async () => {
    const store = openTemporary();
    const databases = await Promise.all(
      ["one", "two"].map((name) => openDatabase(store, withStores, { name })),
    );
    const seen = new Set<IDBDatabase>();
    const ends = databases.map((database) => {
      const transaction = database.transaction("a", "readwrite");
      transaction.objectStore("a").put({ v: 1 }).onsuccess = () => {
        seen.add(database);
        keepBusy(transaction.objectStore("a"), () => seen.size === 2);
      };
      return ended(transaction);
    });
    expect(await Promise.all(ends)).toEqual(["complete", "complete"]);
  });

  test("one aborts and is taken back, with its indexes and its key generator; the other keeps its changes", async () => {
    const database = await openDatabase(openTemporary(), (db, transaction) => {
      withStores(db);
      transaction.objectStore("a").put({ v: "old" });
      transaction.objectStore("a").put({ v: "doomed" });
    });
    const { a, b, met } = runTogether(database);
    a.objectStore("a").put({ v: "new" }, 1);
    a.objectStore("a").delete(2);
    await met;
    const results = Promise.all([ended(a), ended(b)]);
    a.abort();
    expect(await results).toEqual([null, "complete"]);
    expect(await all(database, "a")).toEqual([{ v: "old" }, { v: "doomed" }]);
    const byIndex = database.transaction("a").objectStore("a").index("v").getAllKeys();
    expect(await done(byIndex)).toEqual([2, 1]);
    expect(await all(database, "b")).toEqual([{ v: "first" }, { v: "busy" }]);
    expect(await done(database.transaction("a", "readwrite").objectStore("a").put({ v: "next" }))).toBe(3);
  });

  test("killed after one has committed: that one stays, the unfinished one is gone at the next open", async () => {
    const path = temporaryPath();
    const index = new URL("../src/index.ts", import.meta.url).href;
    const child = start(`
      const { openIndexedDB } = await import(${JSON.stringify(index)});
      const request = openIndexedDB(${JSON.stringify(path)}).indexedDB.open("test", 1);
      request.onupgradeneeded = () => {
        for (const name of ["a", "b"]) request.result.createObjectStore(name).createIndex("v", "v");
        request.transaction.objectStore("a").put({ v: "old" }, 1);
      };
      request.onsuccess = () => {
        const a = request.result.transaction("a", "readwrite");
        const b = request.result.transaction("b", "readwrite");
        a.objectStore("a").put({ v: "unfinished" }, 1);
        a.objectStore("a").put({ v: "unfinished" }, 2);
        b.objectStore("b").put({ v: "finished" }, 1);
        b.oncomplete = () => console.log("b is complete");
        const goOn = () => { a.objectStore("a").put({ v: "unfinished" }, 3).onsuccess = goOn; };
        goOn();
      };
    `);
    await child.line(/b is complete/);
    await child.kill();
    const store = openIndexedDB(path);
    const database = await openDatabase(store);
    expect(await all(database, "a")).toEqual([{ v: "old" }]);
    expect(await done(database.transaction("a").objectStore("a").index("v").getAllKeys())).toEqual([1]);
    expect(await all(database, "b")).toEqual([{ v: "finished" }]);
    store.close();
  });
});

test("a long queue of transactions leaves turns to the rest of the process", async () => {
  const database = await openDatabase(openTemporary(), withStores);
  let turns = 0;
  const timer = setInterval(() => turns++, 1);
  const transaction = database.transaction("a", "readwrite");
  for (let key = 0; key < 5000; key++) transaction.objectStore("a").put({ v: key }, key);
  expect(await ended(transaction)).toBe("complete");
  clearInterval(timer);
  expect(turns).toBeGreaterThan(0);
});
