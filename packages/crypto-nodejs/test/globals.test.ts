import "fake-indexeddb/auto";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
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

test("somebody else's IndexedDB goes on working beside ours", async () => {
  const { indexedDB, IDBKeyRange, IDBDatabase } = globalThis as unknown as Record<string, any>;
  const alice = await open("@alice:example.org", "A", temporaryDirectory(), KEY);
  await alice.shareRoomKey(new RoomId("!a:b"), [], new EncryptionSettings());
  expect((await alice.roomKeyCounts()).total).toBe(1);

  const theirs = (globalThis as unknown as Record<string, any>).indexedDB;
  const settled = (request: any) =>
    new Promise<any>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const request = theirs.open("theirs", 1);
  request.onupgradeneeded = () => request.result.createObjectStore("store");
  const database = await settled(request);
  expect(database).toBeInstanceOf(IDBDatabase);
  const store = database.transaction("store", "readwrite").objectStore("store");
  for (const key of [1, 2, 3]) store.put(key, key);
  const ours = (globalThis as unknown as Record<string, any>).IDBKeyRange;
  expect(await settled(store.getAll(ours.lowerBound(2)))).toEqual([2, 3]);
  expect(await settled(store.getAll(IDBKeyRange.lowerBound(3)))).toEqual([3]);
  expect((await theirs.databases()).map(({ name }: { name: string }) => name)).toEqual(["theirs"]);
  expect((await indexedDB.databases()).length).toBe(1);
});
