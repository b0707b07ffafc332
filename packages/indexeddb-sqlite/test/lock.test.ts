import { copyFileSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import { describe, expect, test } from "vitest";
import { openIndexedDB } from "../src/index.ts";
import { output, start } from "./child.ts";
import { done, openDatabase, openTemporary, temporaryPath } from "./support.ts";

const index = new URL("../src/index.ts", import.meta.url).href;
const opensOnce = (path: string) => `
  const { openIndexedDB } = await import(${JSON.stringify(index)});
  try {
    openIndexedDB(${JSON.stringify(path)}).close();
    console.log("opened");
  } catch (error) {
    console.log(error.code, error.message);
  }
`;

async function openInWorker(path: string): Promise<string> {
  const source = `const { parentPort } = await import("node:worker_threads");
    const console = { log: (...words) => parentPort.postMessage(words.join(" ")) };
    ${opensOnce(path)}`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`));
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

describe("a second open of an owned file fails at once with ERR_STORE_LOCKED", () => {
  test("in the same process", () => {
    const path = temporaryPath();
    openTemporary(path);
    expect(() => openIndexedDB(path)).toThrow(expect.objectContaining({ code: "ERR_STORE_LOCKED" }));
  });

  test("in a worker", async () => {
    const path = temporaryPath();
    openTemporary(path);
    expect(await openInWorker(path)).toMatch(/^ERR_STORE_LOCKED .*close it there first/);
  });

  test("in another process", async () => {
    const path = temporaryPath();
    openTemporary(path);
    expect(await output(opensOnce(path))).toMatch(/^ERR_STORE_LOCKED .*close it there first/);
  });

  test("through a symbolic link, also when SQLite's own lock was dropped", async () => {
    const path = temporaryPath();
    openTemporary(path);
    symlinkSync(path, `${path}-link`);
    readFileSync(path);
    expect(await output(opensOnce(`${path}-link`))).toMatch(/^ERR_STORE_LOCKED/);
  });

  test("after the holder has read and copied the database, which drops SQLite's own lock", async () => {
    const path = temporaryPath();
    const store = openTemporary(path);
    (await openDatabase(store)).close();
    readFileSync(path);
    readFileSync(`${path}-wal`);
    copyFileSync(path, `${path}.copy`);
    expect(await output(opensOnce(path))).toMatch(/^ERR_STORE_LOCKED/);
    expect(() => openIndexedDB(path)).toThrow(expect.objectContaining({ code: "ERR_STORE_LOCKED" }));
    expect(await output(opensOnce(path))).toMatch(/^ERR_STORE_LOCKED/);
  });

  test("when another program has the database itself open for writing", () => {
    const path = temporaryPath();
    openIndexedDB(path).close();
    const other = new DatabaseSync(path);
    other.exec("BEGIN EXCLUSIVE");
    expect(() => openIndexedDB(path)).toThrow(expect.objectContaining({ code: "ERR_STORE_LOCKED" }));
    other.close();
  });
});

describe("the file is free again", () => {
  test("after close()", () => {
    const path = temporaryPath();
    openIndexedDB(path).close();
    openIndexedDB(path).close();
  });

  test("when the holder is killed", async () => {
    const path = temporaryPath();
    const holder = start(`
      const { openIndexedDB } = await import(${JSON.stringify(index)});
      openIndexedDB(${JSON.stringify(path)});
      console.log("open");
      setInterval(() => {}, 1000);
    `);
    await holder.line(/open/);
    expect(() => openIndexedDB(path)).toThrow(expect.objectContaining({ code: "ERR_STORE_LOCKED" }));
    await holder.kill();
    openIndexedDB(path).close();
  });

  test("by the end of a using block", () => {
    const path = temporaryPath();
    {
      using store = openIndexedDB(path);
      expect(store.indexedDB.cmp(1, 2)).toBe(-1);
    }
    openIndexedDB(path).close();
  });
});

describe("a holder that lost the file writes nothing more", () => {
  test("when another owner came in after the lock file was read", async () => {
    const path = temporaryPath();
    const store = openTemporary(path);
    const database = await openDatabase(store, (db) => db.createObjectStore("s"));
    readFileSync(`${path}.lock`);
    readFileSync(path);
    expect(await output(opensOnce(path))).toBe("opened");
    const transaction = database.transaction("s", "readwrite");
    const failure = await done(transaction.objectStore("s").put(1, 1)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "UnknownError", cause: { code: "ERR_STORE_LOST" } });
  });

  test("when the database file was replaced", async () => {
    const path = temporaryPath();
    const store = openTemporary(path);
    const database = await openDatabase(store, (db) => db.createObjectStore("s"));
    copyFileSync(path, `${path}.backup`);
    rmSync(path);
    copyFileSync(`${path}.backup`, path);
    const transaction = database.transaction("s", "readwrite");
    const failure = await done(transaction.objectStore("s").put(1, 1)).catch((error: unknown) => error);
    expect(failure).toMatchObject({ name: "UnknownError", cause: { code: "ERR_STORE_LOST" } });
  });
});
