import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/store/index.ts";
import { openTestStore, ROOM, storeOptions } from "../support/store.ts";

const withCode = (code: string) => expect.objectContaining({ code });

describe("opening a store", () => {
  it("takes up what the last holder left", () => {
    const options = storeOptions();
    const first = openTestStore(options);
    expect(first.syncToken()).toBeUndefined();
    first.setSyncToken("s1");
    first.setSyncToken("s2");
    first.close();
    expect(openTestStore(options).syncToken()).toBe("s2");
  });

  it("leaves no file that others could read", () => {
    const options = storeOptions();
    const store = openTestStore(options);
    store.setSyncToken("s1");
    for (const file of [options.path, `${options.path}-wal`])
      expect([file, statSync(file).mode & 0o077]).toEqual([file, 0]);
  });

  it("with another key is refused, and changes nothing", () => {
    const options = storeOptions();
    openTestStore(options).close();
    expect(() => openStore({ ...options, key: Buffer.alloc(32, 8) })).toThrow(withCode("STORE_WRONG_KEY"));
    openTestStore(options);
  });

  it.each([{ deviceId: "SOTTO2" }, { userId: "@other:example.org" }])("as %o is refused", (other) => {
    const options = storeOptions();
    openTestStore(options).close();
    expect(() => openStore({ ...options, ...other })).toThrow(withCode("STORE_OTHER_DEVICE"));
    openTestStore(options);
  });

  it("that a later version wrote is refused, and its version stays", () => {
    const options = storeOptions();
    openTestStore(options).close();
    const raw = new DatabaseSync(options.path);
    raw.exec("PRAGMA user_version = 1000");
    raw.close();
    expect(() => openStore(options)).toThrow(withCode("STORE_NEWER"));
    const after = new DatabaseSync(options.path);
    expect(after.prepare("PRAGMA user_version").get()).toEqual({ user_version: 1000 });
    after.close();
  });

  it("that is no database is refused, and the file is left as it was", () => {
    const options = storeOptions();
    writeFileSync(options.path, "a letter from home, long enough to be no SQLite header. ".repeat(100));
    const before = readFileSync(options.path);
    expect(() => openStore(options)).toThrow(withCode("STORE_DAMAGED"));
    expect(readFileSync(options.path)).toEqual(before);
  });

  it("that was cut off is refused when it is read, never taken for an empty one", () => {
    const options = storeOptions();
    const first = openTestStore(options);
    first.transaction(() => {
      for (let count = 0; count < 200; count++) first.sessions.claimIndex(`session ${count}`, 0, "$event");
    });
    first.close();
    truncateSync(options.path, 8192);
    const use = () => {
      const store = openTestStore(options);
      store.syncToken();
      for (let count = 0; count < 200; count++) store.sessions.claimIndex(`session ${count}`, 0, "$replay");
      store.jobs.open();
    };
    expect(use).toThrow(withCode("STORE_DAMAGED"));
  });
});

describe("a store that is held", () => {
  it("is refused to a second holder in the same process, and the first goes on", () => {
    const options = storeOptions();
    const first = openTestStore(options);
    expect(() => openStore(options)).toThrow(withCode("STORE_HELD"));
    first.setSyncToken("s1");
    expect(first.syncToken()).toBe("s1");
  });

  it("is refused to another process, until the holder is killed; nothing is lost", async () => {
    const options = storeOptions();
    const holder = spawn(process.execPath, ["--input-type=module", "--eval", HOLD, JSON.stringify(options)], {
      cwd: import.meta.dirname,
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const [said] = (await once(holder.stdout, "data")) as [Buffer];
      expect(said.toString()).toBe("held\n");
      expect(() => openStore(options)).toThrow(withCode("STORE_HELD"));
    } finally {
      const gone = once(holder, "exit");
      holder.kill("SIGKILL");
      await gone;
    }
    const store = openTestStore(options);
    expect(store.syncToken()).toBe("s1");
    expect(store.sessions.outbound(ROOM)?.messages).toBe(1);
  });
});

/** A process that opens the store, writes, and never closes it. */
const HOLD = `
  import { openStore } from "../../src/store/index.ts";
  const { key, ...options } = JSON.parse(process.argv[1]);
  const store = openStore({ ...options, key: Buffer.from(key.data) });
  store.setSyncToken("s1");
  store.sessions.countMessage(${JSON.stringify(ROOM)}, "session", 1);
  process.stdout.write("held\\n");
  setInterval(() => undefined, 1000);
`;
