import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { type IDBDatabase, openIndexedDB, StoreError } from "../src/index.ts";
import { done, ended, openDatabase, openTemporary, temporaryPath } from "./support.ts";

function openingError(path: string): StoreError {
  try {
    openIndexedDB(path).close();
  } catch (error) {
    if (error instanceof StoreError) return error;
    throw error;
  }
  throw new Error("It opened.");
}

describe("a file that cannot be used is refused and left as it is", () => {
  test("written by a newer version", () => {
    const path = temporaryPath();
    openIndexedDB(path).close();
    const file = new DatabaseSync(path);
    file.exec("PRAGMA user_version = 1000");
    file.close();
    const before = readFileSync(path);
    expect(openingError(path)).toMatchObject({
      code: "ERR_STORE_NEWER",
      message: /format 1000.*Update the program/,
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("of another program", () => {
    const path = temporaryPath();
    const file = new DatabaseSync(path);
    file.exec("CREATE TABLE mine (a); INSERT INTO mine VALUES (1)");
    file.close();
    expect(openingError(path).code).toBe("ERR_STORE_FOREIGN");
    const again = new DatabaseSync(path);
    expect(again.prepare("SELECT a FROM mine").all()).toEqual([{ a: 1 }]);
    again.close();
  });

  test("no database at all", () => {
    const path = temporaryPath();
    writeFileSync(path, "This is a letter, not a database. ".repeat(200));
    const before = readFileSync(path);
    expect(openingError(path)).toMatchObject({
      code: "ERR_STORE_CORRUPT",
      message: /Restore it from a backup/,
    });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  test("cut short", async () => {
    const path = temporaryPath();
    const store = openIndexedDB(path);
    await openDatabase(store, (db) => db.createObjectStore("s").put("x".repeat(100_000), 1));
    store.close();
    truncateSync(path, 6000);
    expect(openingError(path).code).toBe("ERR_STORE_CORRUPT");
  });

  test("in a folder that does not exist", () => {
    expect(openingError(join(temporaryPath(), "none", "test.db"))).toMatchObject({
      code: "ERR_STORE_UNUSABLE",
      message: /Check that the folder exists/,
    });
  });
});

describe("a damaged page", () => {
  test("fails the requests that need it with UnknownError and its cause", async () => {
    const path = temporaryPath();
    const store = openIndexedDB(path);
    await openDatabase(store, (db) => {
      const objects = db.createObjectStore("s");
      for (let key = 0; key < 2000; key++) objects.put("x".repeat(200), key);
    });
    store.close();
    const bytes = readFileSync(path);
    bytes.fill(0xee, Math.floor(bytes.length / 8192) * 4096, Math.floor(bytes.length / 8192) * 4096 + 4096);
    writeFileSync(path, bytes);
    const again = openTemporary(path);
    const database = await openDatabase(again);
    const failure = await done(database.transaction("s").objectStore("s").getAll()).catch(
      (error: unknown) => error,
    );
    expect(failure).toMatchObject({ name: "UnknownError", message: /malformed/, cause: { errcode: 11 } });
  });
});

/** A folder on a small disk of its own, or why there is none. */
function smallDisk(): string | { reason: string } {
  const folder = join(dirname(temporaryPath()), "disk");
  mkdirSync(folder);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "pipe" });
  } catch (error) {
    return { reason: `no small disk can be mounted here (only root may): ${error}` };
  }
  onTestFinished(() => void execFileSync("umount", ["-l", folder]));
  return folder;
}

describe("a full disk", () => {
  test("aborts the transaction with QuotaExceededError, keeps what was complete, and writing goes on later", async ({
    skip,
  }) => {
    const folder = smallDisk();
    if (typeof folder !== "string") return skip(folder.reason);
    const path = join(folder, "test.db");
    const store = openIndexedDB(path);
    const database = await openDatabase(store, (db) => db.createObjectStore("s"));
    expect(await put(database, "small", "kept")).toBe("complete");
    const ballast = join(folder, "ballast");
    writeFileSync(ballast, Buffer.alloc(200_000));
    expect(await put(database, "large", "x".repeat(900_000))).toMatchObject({ name: "QuotaExceededError" });
    expect(await read(database, "large")).toBeUndefined();
    truncateSync(ballast, 0);
    expect(await put(database, "after", "written")).toBe("complete");
    store.close();
    const again = openIndexedDB(path);
    const reopened = await openDatabase(again);
    expect(await read(reopened, "small")).toBe("kept");
    expect(await read(reopened, "large")).toBeUndefined();
    expect(await read(reopened, "after")).toBe("written");
    again.close();
  });
});

test("a full disk aborts all transactions that share the failed commit, and the file stays usable", async ({
  skip,
}) => {
  const folder = smallDisk();
  if (typeof folder !== "string") return skip(folder.reason);
  const store = openIndexedDB(join(folder, "test.db"));
  const database = await openDatabase(store, (db) => {
    db.createObjectStore("s");
    db.createObjectStore("t");
  });
  expect(await put(database, "before", "kept")).toBe("complete");
  const large = database.transaction("s", "readwrite");
  const small = database.transaction("t", "readwrite");
  large.objectStore("s").put("x".repeat(2_000_000), "large");
  large.objectStore("s").delete("before");
  small.objectStore("t").put("small", "small");
  const full = { name: "QuotaExceededError" };
  expect(await Promise.all([ended(large), ended(small)])).toMatchObject([full, full]);
  expect(await done(database.transaction("s").objectStore("s").getAllKeys())).toEqual(["before"]);
  expect(await done(database.transaction("t").objectStore("t").getAllKeys())).toEqual([]);
  expect(await put(database, "after", "written")).toBe("complete");
  store.close();
});

function put(database: IDBDatabase, key: string, value: string): Promise<"complete" | DOMException | null> {
  const transaction = database.transaction("s", "readwrite");
  transaction.objectStore("s").put(value, key);
  return ended(transaction);
}

function read(database: IDBDatabase, key: string): Promise<unknown> {
  return done(database.transaction("s").objectStore("s").get(key));
}

test("a copy of the database and its WAL, taken while it is open, opens with all that was complete", async () => {
  const path = temporaryPath();
  const store = openTemporary(path);
  const database = await openDatabase(store, (db) => db.createObjectStore("s"));
  expect(await put(database, "key", "value")).toBe("complete");
  const copy = temporaryPath();
  copyFileSync(path, copy);
  copyFileSync(`${path}-wal`, `${copy}-wal`);
  const other = openTemporary(copy);
  expect(await read(await openDatabase(other), "key")).toBe("value");
});
