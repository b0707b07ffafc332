import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/store/index.ts";
import { event, storeOptions } from "../support/store.ts";
import { DEVICE, ROLLED_BACK, sent, server, snapshot, start, use } from "../support/store-watch.ts";

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
