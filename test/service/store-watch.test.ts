import { copyFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AccountData } from "../../src/model/ports.ts";
import { StoreWatch } from "../../src/service/store-watch.ts";
import { openStore, type Store } from "../../src/store/index.ts";
import { batch, event, joined, megolmCiphertext, OWN, storeOptions } from "../support/store.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// The store is real, and a copy of it is a copy of its file; of the homeserver, only its account data is needed.

const DEVICE = "SOTTO1";

class Homeserver implements AccountData {
  readonly data = new Map<string, Record<string, unknown>>();
  /** Called before each request; may fail. */
  onRequest: (what: "get" | "put") => void | Promise<void> = () => undefined;
  puts = 0;

  async get(type: string) {
    await this.onRequest("get");
    return this.data.get(type);
  }
  async put(type: string, content: Record<string, unknown>) {
    await this.onRequest("put");
    this.puts += 1;
    this.data.set(type, content);
  }
  get epoch() {
    return this.data.get(`alt.sotto.store.${DEVICE}`)?.epoch;
  }
}

interface Run {
  store: Store;
  watch: StoreWatch;
  /** The answer to a `/sync` that has everything: the account's data, and events of our own. */
  sync(own?: ReturnType<typeof sent>[], toDevice?: unknown[]): Promise<void>;
  close(): void;
}

const server = () => ({ server: new Homeserver(), path: join(temporaryDirectory(), "sotto.sqlite") });

function start(homeserver: Homeserver, path: string): Run {
  const store = openStore(storeOptions(path));
  const whoami = async () => ({ userId: OWN, deviceId: DEVICE });
  const watch = new StoreWatch({
    ...{ store, accountData: homeserver, userId: OWN, deviceId: DEVICE, accessToken: "token", whoami },
  });
  return {
    store,
    watch,
    sync(own = [], toDevice = []) {
      const accountData = [...homeserver.data].map(([type, content]) => ({ type, content }));
      return watch.check(batch({ accountData, joined: [joined(own)], toDevice }));
    },
    close: () => store.close(),
  };
}

/** An event as the homeserver shows it to the device that sent it. */
const sent = (sessionId: string, index: number, more: Record<string, unknown> = { device_id: DEVICE }) =>
  event(
    "m.room.encrypted",
    { session_id: sessionId, ciphertext: megolmCiphertext(index), ...more },
    { sender: OWN },
  );

/** A whole run of a short command. */
async function use(homeserver: Homeserver, path: string): Promise<void> {
  const run = start(homeserver, path);
  await run.sync();
  await run.watch.beforeUse();
  run.close();
}

const snapshot = (path: string): string => {
  const copy = join(temporaryDirectory(), "copy.sqlite");
  copyFileSync(path, copy);
  return copy;
};

const ROLLED_BACK = { code: "STORE_ROLLED_BACK", exitCode: 3 };

describe("each start", () => {
  it("raises the number, reads it back, and has noted it before", async () => {
    const { server: homeserver, path } = server();
    await use(homeserver, path);
    expect(homeserver.epoch).toBe(1);
    const run = start(homeserver, path);
    const requests: string[] = [];
    homeserver.onRequest = (what) => {
      requests.push(what);
      if (what === "put")
        expect(run.store.epoch.known()).toContainEqual(expect.objectContaining({ epoch: 2 }));
    };
    await run.sync();
    await run.watch.beforeUse();
    expect(requests).toEqual(["put", "get"]);
    expect(homeserver.epoch).toBe(2);
  });

  it("waits for that before it opens what has come for the device", async () => {
    const { server: homeserver, path } = server();
    await start(homeserver, path).sync([], [{ type: "m.room.encrypted" }]);
    expect(homeserver.epoch).toBe(1);
  });

  it.each(["put", "get"] as const)("goes on after a kill at the %s", async (killedAt) => {
    const { server: homeserver, path } = server();
    await use(homeserver, path);
    const killed = start(homeserver, path);
    homeserver.onRequest = (what) => {
      if (what === killedAt) throw new Error("killed");
    };
    await killed.sync();
    await expect(killed.watch.beforeUse()).rejects.toThrow("killed");
    killed.close();
    homeserver.onRequest = () => undefined;
    await use(homeserver, path);
    await use(homeserver, path);
    expect(homeserver.epoch).toBe(4);
  });

  it("knows what the homeserver has heard, however often it did not hear of the next number", async () => {
    const { server: homeserver, path } = server();
    const fails = async (run: Run, at: "put" | "get") => {
      homeserver.onRequest = (what) => {
        if (what === at) throw new Error("cut off");
      };
      await expect(run.watch.beforeUse()).rejects.toThrow("cut off");
      homeserver.onRequest = () => undefined;
    };
    const failing = async (...at: ("put" | "get")[]) => {
      const run = start(homeserver, path);
      await run.sync();
      for (const what of at) await fails(run, what);
      run.close();
    };
    await use(homeserver, path);
    await failing("get"); // heard, and no answer
    await failing("put"); // not heard, by another run
    await failing("get", "put"); // both in one run
    await use(homeserver, path);
    expect(homeserver.epoch).toBe(6);
  });

  it("tries again when the homeserver was in trouble", async () => {
    const { server: homeserver, path } = server();
    const run = start(homeserver, path);
    homeserver.onRequest = () => Promise.reject(new Error("502"));
    await run.sync();
    await expect(run.watch.beforeUse()).rejects.toThrow("502");
    homeserver.onRequest = () => undefined;
    await run.watch.beforeUse();
    expect(homeserver.epoch).toBe(2);
  });

  it("asks once whose a token is, and takes no other's", async () => {
    const { server: homeserver, path } = server();
    const store = openStore(storeOptions(path));
    let asked = 0;
    const watchFor = (deviceId: string, accessToken: string) =>
      new StoreWatch({
        ...{ store, accountData: homeserver, userId: OWN, deviceId: DEVICE, accessToken },
        whoami: async () => {
          asked += 1;
          return { userId: OWN, deviceId };
        },
      });
    await watchFor(DEVICE, "ours").requireOwnToken();
    await watchFor(DEVICE, "ours").requireOwnToken();
    expect(asked).toBe(1);
    const other = watchFor("ELEMENT", "of another device");
    await expect(other.requireOwnToken()).rejects.toMatchObject({ code: "STORE_OTHER_DEVICE" });
    await expect(other.beforeUse()).rejects.toMatchObject({ code: "STORE_OTHER_DEVICE" });
    expect(homeserver.puts).toBe(0);
    store.close();
  });
});

describe("something new", () => {
  it("has a number of its own; the first has that of the start", async () => {
    const { server: homeserver, path } = server();
    const { watch, sync } = start(homeserver, path);
    await sync();
    await watch.beforeNew();
    expect(homeserver.epoch).toBe(1);
    await watch.beforeNew();
    expect(homeserver.epoch).toBe(2);
    await watch.beforeUse();
    expect(homeserver.epoch).toBe(2);
  });

  it("shares a raise that had not begun when it was asked for", async () => {
    const { server: homeserver, path } = server();
    const { watch } = start(homeserver, path);
    await watch.beforeNew();
    await Promise.all(Array.from({ length: 8 }, () => watch.beforeNew()));
    expect(homeserver.epoch).toBe(2);
  });
});

describe("an old copy", () => {
  it("of before the last start is refused, and tells the homeserver nothing", async () => {
    const { server: homeserver, path } = server();
    await use(homeserver, path);
    const copy = snapshot(path);
    await use(homeserver, path);
    const { puts } = homeserver;
    const run = start(homeserver, copy);
    await expect(run.sync()).rejects.toMatchObject(ROLLED_BACK);
    await expect(run.watch.beforeUse()).rejects.toMatchObject(ROLLED_BACK);
    await expect(start(homeserver, snapshot(copy)).watch.inspect()).rejects.toMatchObject(ROLLED_BACK);
    expect(homeserver.puts).toBe(puts);
    await use(homeserver, path);
  });

  it("of the same run is known by a message that it has not sent, and is refused for ever", async () => {
    const { server: homeserver, path } = server();
    const run = start(homeserver, path);
    await run.sync();
    await run.watch.beforeNew();
    expect(run.store.sessions.spendIndex("session", 0)).toBe(true);
    run.close();
    const copy = snapshot(path);
    const later = openStore(storeOptions(path));
    later.sessions.spendIndex("session", 1);
    later.close();

    const { puts } = homeserver;
    const old = start(homeserver, copy);
    await expect(old.sync([sent("session", 0), sent("session", 1)])).rejects.toMatchObject(ROLLED_BACK);
    old.close();
    const again = start(homeserver, copy);
    await expect(again.watch.beforeUse()).rejects.toMatchObject(ROLLED_BACK);
    await expect(again.sync()).rejects.toMatchObject(ROLLED_BACK);
    expect(homeserver.puts).toBe(puts);
    await start(homeserver, path).sync([sent("session", 0), sent("session", 1)]);
  });

  it.each([
    ["its device ID", { device_id: DEVICE }, {}],
    ["its transaction ID", {}, { unsigned: { transaction_id: "t" } }],
  ])(
    "of the same run is known by a whole session too, which shows as ours by %s",
    async (_by, more, event) => {
      const { server: homeserver, path } = server();
      await use(homeserver, path);
      const unknown = { ...sent("another session", 0, more), ...event };
      await expect(start(homeserver, path).sync([unknown])).rejects.toMatchObject(ROLLED_BACK);
    },
  );

  it("is not suspected because of what other devices and other people send", async () => {
    const { server: homeserver, path } = server();
    const { sync } = start(homeserver, path);
    await sync([sent("of Element", 7, { device_id: "ELEMENT" }), sent("of nobody", 3, {})]);
    await sync([{ ...sent("forged", 7), sender: "@mallory:example.org" }]);
    await sync([event("m.room.encrypted", { session_id: "s", ciphertext: "????", device_id: DEVICE })]);
  });

  it("of the crypto store alone is found out by an index that it would use again", async () => {
    const { server: homeserver, path } = server();
    const { store, watch } = start(homeserver, path);
    expect(store.sessions.spendIndex("session", 4)).toBe(true);
    expect(store.sessions.spendIndex("session", 4)).toBe(false);
    expect(watch.indexSpent("session")).toMatchObject(ROLLED_BACK);
    await expect(watch.beforeUse()).rejects.toMatchObject(ROLLED_BACK);
  });

  it("is refused wherever in a history it was made, unless nothing has happened since", async () => {
    const step = fc.constantFrom("start", "new", "message", "kill") as fc.Arbitrary<
      "start" | "new" | "message" | "kill"
    >;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), fc.nat(12), async (steps, at) => {
        const { server: homeserver, path } = server();
        const events: ReturnType<typeof sent>[] = [];
        let run = start(homeserver, path);
        await run.sync();
        await run.watch.beforeNew();
        let copy: string | undefined;
        let isOld = false;
        for (const [position, what] of steps.entries()) {
          if (position === at) {
            run.close(); // the file is whole only when it is closed; the process is the same
            copy = snapshot(path);
            isOld = false;
            run = start(homeserver, path);
            if (what === "start") continue;
            await run.sync(events);
            isOld = true;
          } else if (what === "new") {
            await run.watch.beforeNew();
            isOld = true;
          } else if (what === "message") {
            const index = run.store.sessions.nextIndex("session") ?? 0;
            run.store.sessions.spendIndex("session", index);
            events.push(sent("session", index));
            isOld = true;
          } else {
            run.close();
            run = start(homeserver, path);
            if (what === "kill") continue;
            await run.sync(events);
            await run.watch.beforeUse();
            isOld = true;
          }
        }
        await run.watch.beforeUse().catch(() => undefined);
        run.close();
        if (copy === undefined) return;
        const restored = start(homeserver, copy);
        if (isOld) await expect(restored.sync(events)).rejects.toMatchObject(ROLLED_BACK);
        restored.close();
      }),
      { numRuns: 40 },
    );
  }, 60_000);
});

describe("two copies at once", () => {
  it("of which the later goes on and the earlier stops", async () => {
    const { server: homeserver, path } = server();
    await use(homeserver, path);
    const copy = snapshot(path);
    const [first, second] = [start(homeserver, path), start(homeserver, copy)];
    // both look before either has written
    const release = Promise.withResolvers<void>();
    homeserver.onRequest = () => release.promise;
    await Promise.all([first.sync(), second.sync()]);
    release.resolve();
    homeserver.onRequest = () => undefined;
    const started = await Promise.allSettled([first.watch.beforeUse(), second.watch.beforeUse()]);
    expect(started.filter(({ status }) => status === "fulfilled").length).toBeLessThanOrEqual(1);
    await expect(first.sync()).rejects.toMatchObject({ code: "STORE_COPIED", exitCode: 3 });
    await expect(first.watch.beforeUse()).rejects.toMatchObject({ code: "STORE_COPIED" });
    await second.sync();
    await second.watch.beforeNew();
  });

  it("is what a record that nobody can read means too", async () => {
    const { server: homeserver, path } = server();
    const { sync } = start(homeserver, path);
    homeserver.data.set(`alt.sotto.store.${DEVICE}`, {});
    await expect(sync()).rejects.toMatchObject({ code: "STORE_COPIED" });
  });
});
