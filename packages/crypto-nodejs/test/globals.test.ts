import "fake-indexeddb/auto";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { IDBFactory } from "fake-indexeddb";
import { expect, test } from "vitest";
import { EncryptionSettings, RoomId } from "../src/index.ts";
import { KEY, open, temporaryDirectory } from "./support/stores.ts";

const source = JSON.stringify(join(import.meta.dirname, "../src/engine.ts"));
const inNode = (script: string) =>
  execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" }).trim();

test("importing the package writes no IndexedDB global, opening a store writes hidden ones", () => {
  const directory = JSON.stringify(temporaryDirectory());
  const report = inNode(`
    const before = Object.keys(globalThis).join();
    const { openEngine } = await import(${source});
    const imported = "indexedDB" in globalThis;
    await openEngine({ userId: "@a:b", deviceId: "A", directory: ${directory}, key: new Uint8Array(32) });
    console.log(imported, "indexedDB" in globalThis, before === Object.keys(globalThis).join());`);
  expect(report).toBe("false true true");
});

interface Request<T> {
  result: T;
  onsuccess?: () => void;
  onupgradeneeded?: () => void;
}
interface Store {
  put(value: number, key: number): unknown;
  getAll(range: object): Request<number[]>;
}
interface Database {
  createObjectStore(name: string): Store;
  transaction(name: string, mode: string): { objectStore(name: string): Store };
}
interface Globals {
  indexedDB: {
    open(name: string, version: number): Request<Database>;
    databases(): Promise<{ name: string }[]>;
  };
  IDBKeyRange: { lowerBound(key: number): object };
  IDBDatabase: abstract new () => Database;
}
const globals = globalThis as unknown as Globals;

const result = <T>(request: Request<T>) =>
  new Promise<T>((resolve) => {
    request.onsuccess = () => resolve(request.result);
  });

test("somebody else's IndexedDB goes on working beside ours", async () => {
  const before = { indexedDB: globals.indexedDB, IDBKeyRange: globals.IDBKeyRange };
  const alice = await open("@alice:example.org", "A", temporaryDirectory(), KEY);
  await alice.shareRoomKey(new RoomId("!a:b"), [], new EncryptionSettings());
  expect((await alice.roomKeyCounts()).total).toBe(1);

  const request = globals.indexedDB.open("theirs", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("store");
  const database = await result(request);
  expect(database).toBeInstanceOf(globals.IDBDatabase);
  const store = database.transaction("store", "readwrite").objectStore("store");
  for (const key of [1, 2, 3]) store.put(key, key);
  expect(await result(store.getAll(globals.IDBKeyRange.lowerBound(2)))).toEqual([2, 3]);
  expect(await result(store.getAll(before.IDBKeyRange.lowerBound(3)))).toEqual([3]);
  expect(await globals.indexedDB.databases()).toEqual(await before.indexedDB.databases());
});

test("an IndexedDB that takes our place does not get our stores", async () => {
  const directory = temporaryDirectory();
  const first = await open("@alice:example.org", "A", directory, KEY);
  const identity = first.identityKeys.ed25519.toBase64();
  first.close();
  globals.indexedDB = new IDBFactory() as unknown as Globals["indexedDB"];
  const again = await open("@alice:example.org", "A", directory, KEY);
  expect(again.identityKeys.ed25519.toBase64()).toBe(identity);
});
