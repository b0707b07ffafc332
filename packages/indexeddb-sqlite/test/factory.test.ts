import { describe, expect, test } from "vitest";
import { type IDBDatabase, type IDBVersionChangeEvent, openIndexedDB } from "../src/index.ts";
import { done, ended, nextUncaught, openDatabase, openTemporary, temporaryPath, thrown } from "./support.ts";

/* https://w3c.github.io/IndexedDB/#opening and https://w3c.github.io/IndexedDB/#deleting-a-database */

const nextEvent = (target: EventTarget, type: string) =>
  new Promise<Event>((resolve) => target.addEventListener(type, resolve, { once: true }));

describe("open()", () => {
  test("creates version 1 unless told otherwise, and keeps the version it finds", async () => {
    const { indexedDB } = openTemporary();
    const created = await done(indexedDB.open("test"));
    expect(created).toMatchObject({ name: "test", version: 1 });
    created.close();
    (await done(indexedDB.open("test", 7))).close();
    expect((await done(indexedDB.open("test"))).version).toBe(7);
  });

  test("tells upgradeneeded both versions, and gives the open connection and its transaction", async () => {
    const { indexedDB } = openTemporary();
    const request = indexedDB.open("test", 3);
    const event = (await nextEvent(request, "upgradeneeded")) as IDBVersionChangeEvent;
    expect([event.oldVersion, event.newVersion, event.target]).toEqual([0, 3, request]);
    expect(request.transaction).toMatchObject({ mode: "versionchange", db: request.result });
    await nextEvent(request, "success");
    expect(request.transaction).toBeNull();
  });

  test("refuses a lower version", async () => {
    const store = openTemporary();
    (await openDatabase(store, undefined, { version: 2 })).close();
    await expect(openDatabase(store)).rejects.toMatchObject({ name: "VersionError" });
  });

  test.each([0, -1, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY, "x", {}, null])(
    "refuses version %s",
    (version) => {
      const { indexedDB } = openTemporary();
      expect(thrown(() => indexedDB.open("test", version as number))).toBe("TypeError");
    },
  );

  test("takes any string for a name, half a surrogate pair too", async () => {
    const path = temporaryPath();
    const store = openIndexedDB(path);
    const names = ["", "é", "\ud800", "\udc00", "\u0000", "a\u0000b"];
    for (const name of names)
      (await openDatabase(store, (db) => db.createObjectStore(name), { name })).close();
    store.close();
    const databases = await openTemporary(path).indexedDB.databases();
    expect(databases.map(({ name }) => name).sort()).toEqual([...names].sort());
  });
});

describe("an upgrade", () => {
  test("that is aborted leaves everything as it was, names and records", async () => {
    const store = openTemporary();
    (
      await openDatabase(store, (db) => {
        db.createObjectStore("kept").put("value", "key");
        db.createObjectStore("deleted").createIndex("index", "a");
      })
    ).close();
    const request = store.indexedDB.open("test", 2);
    const names: unknown[] = [];
    request.onupgradeneeded = () => {
      const { result: database, transaction } = request;
      database.createObjectStore("created");
      database.deleteObjectStore("deleted");
      transaction!.objectStore("kept").name = "renamed";
      transaction!.objectStore("renamed").clear();
      names.push([...database.objectStoreNames]);
      transaction!.abort();
      names.push([...database.objectStoreNames], database.version);
    };
    await expect(done(request)).rejects.toMatchObject({ name: "AbortError" });
    expect(names).toEqual([["created", "renamed"], ["deleted", "kept"], 1]);
    const database = await openDatabase(store);
    expect([...database.objectStoreNames]).toEqual(["deleted", "kept"]);
    expect(await done(database.transaction("kept").objectStore("kept").get("key"))).toBe("value");
    expect([...database.transaction("deleted").objectStore("deleted").indexNames]).toEqual(["index"]);
  });

  test("that is the first and aborts leaves no database", async () => {
    const store = openTemporary();
    const request = store.indexedDB.open("test");
    request.onupgradeneeded = () => request.transaction!.abort();
    await expect(done(request)).rejects.toMatchObject({ name: "AbortError" });
    expect(await store.indexedDB.databases()).toEqual([]);
  });

  test("aborts when its listener throws", async () => {
    const reported = nextUncaught();
    const store = openTemporary();
    const opened = openDatabase(store, () => {
      throw new Error("mine");
    });
    await expect(opened).rejects.toMatchObject({ name: "AbortError" });
    expect(await reported).toMatchObject({ message: "mine" });
  });

  test("aborts with ConstraintError when a unique index cannot be filled", async () => {
    let transactionEnd: Promise<unknown> = Promise.resolve();
    const opened = openDatabase(openTemporary(), (db, transaction) => {
      const store = db.createObjectStore("s");
      store.put({ a: 1 }, 1);
      store.put({ a: 1 }, 2);
      store.createIndex("a", "a", { unique: true });
      transactionEnd = ended(transaction);
    });
    await expect(opened).rejects.toMatchObject({ name: "AbortError" });
    expect(await transactionEnd).toMatchObject({ name: "ConstraintError" });
  });

  test("whose connection closes commits, but opening fails", async () => {
    const store = openTemporary();
    const opened = openDatabase(store, (db) => {
      db.createObjectStore("s");
      db.close();
    });
    await expect(opened).rejects.toMatchObject({ name: "AbortError" });
    expect([...(await openDatabase(store)).objectStoreNames]).toEqual(["s"]);
  });
});

describe("connections that are in the way", () => {
  test("are told, and the request is told that it is blocked until they close", async () => {
    const { indexedDB } = openTemporary();
    const log: string[] = [];
    const first = await done(indexedDB.open("test", 1));
    first.onversionchange = (event) => {
      const { oldVersion, newVersion } = event as IDBVersionChangeEvent;
      log.push(`versionchange ${oldVersion} ${newVersion}`);
    };
    const request = indexedDB.open("test", 2);
    request.onblocked = () => {
      log.push("blocked");
      first.close();
    };
    request.onupgradeneeded = () => log.push("upgradeneeded");
    await done(request);
    expect(log).toEqual(["versionchange 1 2", "blocked", "upgradeneeded"]);
  });

  test("that close at once block nothing", async () => {
    const { indexedDB } = openTemporary();
    const first = await done(indexedDB.open("test", 1));
    first.onversionchange = () => first.close();
    const request = indexedDB.deleteDatabase("test");
    request.onblocked = () => expect.unreachable();
    await done(request);
  });

  test("requests for one name are processed one after the other", async () => {
    const { indexedDB } = openTemporary();
    const log: string[] = [];
    const open = (version: number) => {
      const request = indexedDB.open("test", version);
      return done(request).then((database: IDBDatabase) => {
        log.push(`open ${version}`);
        database.onversionchange = () => database.close();
      });
    };
    const remove = () => done(indexedDB.deleteDatabase("test")).then(() => log.push("delete"));
    await Promise.all([open(3), remove(), open(2), open(4), remove()]);
    expect(log).toEqual(["open 3", "delete", "open 2", "open 4", "delete"]);
  });
});

describe("deleteDatabase()", () => {
  test("deletes everything and tells the version that was", async () => {
    const store = openTemporary();
    (await openDatabase(store, (db) => db.createObjectStore("s").put(1, 1), { version: 5 })).close();
    const request = store.indexedDB.deleteDatabase("test");
    const event = (await nextEvent(request, "success")) as IDBVersionChangeEvent;
    expect([event.oldVersion, event.newVersion, request.result]).toEqual([5, null, undefined]);
    expect([...(await openDatabase(store)).objectStoreNames]).toEqual([]);
  });

  test("succeeds for what does not exist", async () => {
    expect(await done(openTemporary().indexedDB.deleteDatabase("none"))).toBeUndefined();
  });
});

describe("databases()", () => {
  test("lists names and versions, without an upgrade that has not been committed", async () => {
    const store = openTemporary();
    await openDatabase(store, undefined, { name: "one", version: 4 });
    const request = store.indexedDB.open("two", 1);
    await nextEvent(request, "upgradeneeded");
    const during = store.indexedDB.databases();
    await done(request);
    expect(await during).toEqual([{ name: "one", version: 4 }]);
    expect(await store.indexedDB.databases()).toEqual([
      { name: "one", version: 4 },
      { name: "two", version: 1 },
    ]);
  });
});

describe("close() of the file", () => {
  test("aborts what runs, tells the connections, and refuses further requests", async () => {
    const path = temporaryPath();
    const store = openIndexedDB(path);
    const database = await openDatabase(store, (db) => db.createObjectStore("s"));
    const transaction = database.transaction("s", "readwrite");
    const end = ended(transaction);
    const closed = nextEvent(database, "close");
    await done(transaction.objectStore("s").put("lost", 1));
    store.close();
    expect(await end).toMatchObject({ name: "AbortError" });
    await closed;
    expect(thrown(() => database.transaction("s"))).toBe("InvalidStateError");
    await expect(openDatabase(store)).rejects.toMatchObject({ name: "InvalidStateError" });
    const again = await openDatabase(openTemporary(path));
    expect(await done(again.transaction("s").objectStore("s").count())).toBe(0);
  });
});
