import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import type { IDBDatabase, IDBObjectStore } from "../src/index.ts";
import { done, ended, nextUncaught, openDatabase, openTemporary, thrown } from "./support.ts";

/* https://w3c.github.io/IndexedDB/#transaction-concept and https://w3c.github.io/IndexedDB/#events */

const open = () =>
  openDatabase(openTemporary(), (db) => {
    db.createObjectStore("s").put("value", "key");
    db.createObjectStore("t");
  });

const BUBBLING_PHASE = 3;

const isActive = (store: IDBObjectStore) => thrown(() => store.get(0)) === "nothing";

describe("a transaction is active", () => {
  test("in the script that created it and its microtasks, and not in the next task", async () => {
    const store = (await open()).transaction("s").objectStore("s");
    const log = [isActive(store)];
    await Promise.resolve();
    await Promise.resolve();
    log.push(isActive(store));
    await delay(0);
    log.push(isActive(store));
    expect(log).toEqual([true, true, false]);
  });

  test("in an event listener and the microtasks after it, however many", async () => {
    const store = (await open()).transaction("s").objectStore("s");
    await done(store.get("key"));
    for (let count = 0; count < 50; count++) await Promise.resolve();
    expect(await done(store.get("key"))).toBe("value");
  });

  test("not while another one's listener runs", async () => {
    const database = await open();
    const first = database.transaction("s").objectStore("s");
    const second = database.transaction("t").objectStore("t");
    const seen = new Promise((resolve) => {
      second.get(0).onsuccess = () => resolve(thrown(() => first.get(0)));
    });
    expect(await seen).toBe("TransactionInactiveError");
  });

  test("not while a value is cloned or a key is converted", async () => {
    const store = (await open()).transaction("s", "readwrite").objectStore("s");
    const seen: string[] = [];
    const look = () => seen.push(thrown(() => store.get(0)));
    const value = Object.defineProperty({}, "a", { enumerable: true, get: look });
    const key = Object.defineProperty([0], "0", { enumerable: true, get: look });
    await done(store.put(value, key));
    expect(seen).toEqual(["TransactionInactiveError", "TransactionInactiveError"]);
  });
});

describe("a transaction ends", () => {
  test("aborted by a getter of a value, which is then not stored", async () => {
    const transaction = (await open()).transaction("s", "readwrite");
    const end = ended(transaction);
    const value = Object.defineProperty({}, "a", { enumerable: true, get: () => transaction.abort() });
    expect(thrown(() => transaction.objectStore("s").put(value, 1))).toBe("TransactionInactiveError");
    expect(await end).toBeNull();
  });

  test("by itself when nothing more can come, also when it had no request at all", async () => {
    const database = await open();
    expect(await ended(database.transaction("s"))).toBe("complete");
    expect(await ended(database.transaction("s", "readwrite"))).toBe("complete");
  });

  test("after commit(), which takes no further requests but finishes those that wait", async () => {
    const database = await open();
    const transaction = database.transaction("s", "readwrite");
    const store = transaction.objectStore("s");
    store.put(1, 1);
    transaction.commit();
    expect(thrown(() => store.put(2, 2))).toBe("TransactionInactiveError");
    expect(thrown(() => transaction.commit())).toBe("InvalidStateError");
    expect(thrown(() => transaction.abort())).toBe("InvalidStateError");
    expect(await ended(transaction)).toBe("complete");
    expect(await done(database.transaction("s").objectStore("s").get(1))).toBe(1);
  });

  test("aborted, if a request fails after commit()", async () => {
    const database = await open();
    const transaction = database.transaction("s", "readwrite");
    transaction.objectStore("s").put(1, 1);
    transaction.objectStore("s").add(1, 1);
    transaction.commit();
    expect(await ended(transaction)).toMatchObject({ name: "ConstraintError" });
    expect(await done(database.transaction("s").objectStore("s").count())).toBe(1);
  });

  test("aborted by abort(): its requests fail with AbortError, its changes are gone, its error is null", async () => {
    const database = await open();
    const transaction = database.transaction("s", "readwrite");
    const end = ended(transaction);
    const store = transaction.objectStore("s");
    await done(store.delete("key"));
    const pending = done(store.get("key"));
    transaction.abort();
    await expect(pending).rejects.toMatchObject({ name: "AbortError" });
    expect(await end).toBeNull();
    expect(await done(database.transaction("s").objectStore("s").get("key"))).toBe("value");
  });

  test("aborted by an error that nobody prevents, with that error", async () => {
    const transaction = (await open()).transaction("s", "readwrite");
    transaction.objectStore("s").add(0, "key");
    expect(await ended(transaction)).toMatchObject({ name: "ConstraintError" });
  });

  test("complete, if the error's default is prevented", async () => {
    const database = await open();
    const transaction = database.transaction("s", "readwrite");
    transaction.objectStore("s").add(0, "key").onerror = (event) => event.preventDefault();
    transaction.objectStore("s").put(0, "other");
    expect(await ended(transaction)).toBe("complete");
    expect(await done(database.transaction("s").objectStore("s").getAllKeys())).toEqual(["key", "other"]);
  });

  test.each(["success", "error"])(
    "aborted with AbortError, if a %s listener throws; the exception is reported",
    async (type) => {
      const reported = nextUncaught();
      const transaction = (await open()).transaction("s", "readwrite");
      const request = transaction.objectStore("s").add(0, type === "error" ? "key" : "new");
      request.addEventListener(type, (event) => {
        event.preventDefault();
        throw new Error("mine");
      });
      expect(await ended(transaction)).toMatchObject({ name: "AbortError" });
      expect(await reported).toMatchObject({ message: "mine" });
    },
  );
});

describe("events", () => {
  /** Each node of the tree in the order in which the event comes by. */
  function watch(database: IDBDatabase, type: string, log: string[]) {
    const transaction = database.transaction("s", "readwrite");
    const request = transaction.objectStore("s").add(0, type === "error" ? "key" : "new");
    const nodes = { database, transaction, request };
    for (const [name, node] of Object.entries(nodes)) {
      for (const capture of [true, false]) {
        node.addEventListener(
          type,
          (event: Event) => {
            expect([event.target, event.currentTarget]).toEqual([request, node]);
            log.push(`${name} ${event.eventPhase}`);
            if (name === "database" && (event.eventPhase as number) === BUBBLING_PHASE)
              event.preventDefault();
          },
          capture,
        );
      }
    }
    return { ...nodes, end: ended(transaction) };
  }

  test("an error goes down from the database to the request and bubbles up again", async () => {
    const log: string[] = [];
    expect(await watch(await open(), "error", log).end).toBe("complete");
    expect(log).toEqual([
      "database 1",
      "transaction 1",
      "request 2",
      "request 2",
      "transaction 3",
      "database 3",
    ]);
  });

  test("a success goes down and does not bubble", async () => {
    const log: string[] = [];
    await watch(await open(), "success", log).end;
    expect(log).toEqual(["database 1", "transaction 1", "request 2", "request 2"]);
  });

  test("stopPropagation() and stopImmediatePropagation() end the journey", async () => {
    for (const stop of ["stopPropagation", "stopImmediatePropagation"] as const) {
      const log: string[] = [];
      const { transaction, end } = watch(await open(), "error", log);
      transaction.addEventListener(
        "error",
        (event) => {
          event[stop]();
          event.preventDefault();
        },
        true,
      );
      transaction.addEventListener("error", () => log.push("next listener"), true);
      expect(await end).toBe("complete");
      const rest = stop === "stopPropagation" ? ["next listener"] : [];
      expect(log).toEqual(["database 1", "transaction 1", ...rest]);
    }
  });

  test("an on… attribute can be read, replaced in its place, and taken away", async () => {
    const log: string[] = [];
    const request = (await open()).transaction("s").objectStore("s").get("key");
    request.onsuccess = () => log.push("first");
    request.addEventListener("success", () => log.push("listener"), { once: true });
    const second = () => log.push("second");
    request.onsuccess = second;
    request.onerror = second;
    request.onerror = null;
    expect([request.onsuccess, request.onerror]).toEqual([second, null]);
    await done(request);
    expect(log).toEqual(["second", "listener"]);
  });

  test("microtasks of one listener run before the next listener", async () => {
    const log: string[] = [];
    const request = (await open()).transaction("s").objectStore("s").get("key");
    request.addEventListener("success", () => {
      log.push("one");
      void Promise.resolve().then(() => log.push("its microtask"));
    });
    request.addEventListener("success", () => log.push("two"));
    await done(request);
    expect(log).toEqual(["one", "its microtask", "two"]);
  });

  test("a script's own event can be dispatched at any of the objects", async () => {
    const transaction = (await open()).transaction("s");
    const seen: unknown[] = [];
    transaction.db.addEventListener("mine", (event) => seen.push(event.target));
    const event = new Event("mine", { bubbles: true, cancelable: true });
    transaction.addEventListener("mine", () => event.preventDefault());
    expect(transaction.dispatchEvent(event)).toBe(false);
    expect(seen).toEqual([transaction]);
  });
});

describe("IDBDatabase.transaction()", () => {
  test("refuses what the standard refuses", async () => {
    const database = await open();
    expect(thrown(() => database.transaction("none"))).toBe("NotFoundError");
    expect(thrown(() => database.transaction([]))).toBe("InvalidAccessError");
    expect(thrown(() => database.transaction("s", "versionchange" as "readonly"))).toBe("TypeError");
    expect(thrown(() => database.transaction("s", "other" as "readonly"))).toBe("TypeError");
    expect(thrown(() => database.transaction("s").objectStore("t"))).toBe("NotFoundError");
    expect(thrown(() => database.transaction("s").objectStore("s").put(1, 1))).toBe("ReadOnlyError");
    database.close();
    expect(thrown(() => database.transaction("s"))).toBe("InvalidStateError");
  });

  test("tells its scope, mode and durability", async () => {
    const database = await open();
    const transaction = database.transaction(["t", "s", "t"], "readwrite", { durability: "relaxed" });
    expect([...transaction.objectStoreNames]).toEqual(["s", "t"]);
    expect(transaction).toMatchObject({
      mode: "readwrite",
      durability: "relaxed",
      db: database,
      error: null,
    });
    expect(transaction.objectStore("s")).toBe(transaction.objectStore("s"));
  });
});
