import { existsSync, readFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { expect, test } from "vitest";
import { openIndexedDB } from "../src/index.ts";
import { start } from "./child.ts";
import { done, openDatabase, temporaryPath } from "./support.ts";

const index = new URL("../src/index.ts", import.meta.url).href;

/** Writes one number after the other and prints each when its transaction is complete. */
const writer = (path: string, first: number, last = Number.MAX_SAFE_INTEGER) => `
  const { writeSync } = await import("node:fs");
  const { openIndexedDB } = await import(${JSON.stringify(index)});
  const { indexedDB, close } = openIndexedDB(${JSON.stringify(path)});
  const request = indexedDB.open("test", 1);
  request.onupgradeneeded = () => {
    request.result.createObjectStore("numbers").createIndex("parity", "parity");
    request.result.createObjectStore("twins");
  };
  request.onsuccess = () => write(${first});
  function write(number) {
    if (number > ${last}) return close();
    const transaction = request.result.transaction(["numbers", "twins"], "readwrite");
    const value = { number, parity: number % 2, filling: "x".repeat(number % 5000) };
    transaction.objectStore("numbers").put(value, number).onsuccess = () =>
      transaction.objectStore("twins").put(number, number);
    transaction.oncomplete = () => {
      writeSync(1, "complete " + number + "\\n");
      write(number + 1);
    };
  }
`;

test("kill -9 in the middle of writes loses nothing that was reported complete", async () => {
  const path = temporaryPath();
  let reported = 0;
  for (let round = 1; round <= 6; round++) {
    const child = start(writer(path, reported + 1));
    await child.line(new RegExp(`^complete ${reported + 7 * round}$`));
    await child.kill();
    reported = Number(child.lines.at(-1)?.split(" ")[1]);
    await expectIntact(path, reported);
  }
}, 60_000);

async function expectIntact(path: string, reported: number): Promise<void> {
  const store = openIndexedDB(path);
  const database = await openDatabase(store);
  const transaction = database.transaction(["numbers", "twins"]);
  const [numbers, twins, odd, even] = await Promise.all([
    done(transaction.objectStore("numbers").getAllKeys()),
    done(transaction.objectStore("twins").getAllKeys()),
    done(transaction.objectStore("numbers").index("parity").count(1)),
    done(transaction.objectStore("numbers").index("parity").count(0)),
  ]);
  store.close();
  expect(numbers.length).toBeGreaterThanOrEqual(reported);
  expect(numbers).toEqual(numbers.map((_, position) => position + 1));
  expect(twins).toEqual(numbers);
  expect(odd + even).toBe(numbers.length);
  const file = new DatabaseSync(path);
  expect(file.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
  file.close();
}

const strace = "/usr/bin/strace";
const noStrace = existsSync(strace) ? null : `${strace} is not installed, so system calls cannot be watched`;

test("each complete event comes after a sync of all that was written", async ({ skip }) => {
  if (noStrace) skip(noStrace);
  const path = temporaryPath();
  const trace = `${path}.strace`;
  const count = 40;
  const calls = "trace=openat,close,write,pwrite64,fsync,fdatasync";
  const child = start(writer(path, 1, count), [strace, "-f", "-qq", "-o", trace, "-e", calls]);
  await child.exited;
  if (child.lines.length === 0) skip("strace may not trace processes here");
  const { writes, ...reports } = followWal(readFileSync(trace, "utf8"), `${path}-wal`);
  expect(reports).toEqual({ early: 0, afterSync: count });
  expect(writes).toBeGreaterThanOrEqual(count);
});

/** Follows the descriptor of the WAL: was anything written to it and not synced when a report went out? */
function followWal(trace: string, wal: string): { early: number; afterSync: number; writes: number } {
  let descriptor = "";
  let isDirty = false;
  const result = { early: 0, afterSync: 0, writes: 0 };
  for (const line of wholeCalls(trace)) {
    const opened = line.includes(`"${wal}"`) && /= (\d+)$/.exec(line);
    if (opened) descriptor = opened[1]!;
    if (line.includes(`pwrite64(${descriptor},`)) {
      isDirty = true;
      result.writes++;
    }
    if (line.includes(`fdatasync(${descriptor})`) || line.includes(`fsync(${descriptor})`)) isDirty = false;
    if (line.includes('write(1, "complete')) result[isDirty ? "early" : "afterSync"]++;
  }
  return result;
}

/** Joins a call that strace cut in two because another thread called meanwhile; it counts where it ended. */
function* wholeCalls(trace: string): Generator<string> {
  const begun = new Map<string, string>();
  for (const line of trace.split("\n")) {
    const thread = line.slice(0, line.indexOf(" "));
    const [start, isCut] = line.split(" <unfinished ...>");
    const rest = /<\.\.\. \w+ resumed>(.*)$/.exec(line);
    if (isCut !== undefined) begun.set(thread, start!);
    else yield rest ? `${begun.get(thread)}${rest[1]}` : line;
  }
}
