import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openStore } from "../../src/store/index.ts";
import { event, megolmSession, storeOptions } from "../support/store.ts";
import { DEVICE, ROLLED_BACK, sent, server, snapshot, start, use } from "../support/store-watch.ts";

const IN_DOUBT = { code: "STORE_IN_DOUBT", exitCode: 3 };

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
    const session = megolmSession();
    const run = start(homeserver, path);
    await run.sync();
    await run.watch.beforeNew();
    expect(run.store.sessions.spendIndex(session.sessionId, 0)).toBe(true);
    run.close();
    const copy = snapshot(path);
    const later = openStore(storeOptions(path));
    later.sessions.spendIndex(session.sessionId, 1);
    later.close();

    const { puts } = homeserver;
    const old = start(homeserver, copy);
    await expect(old.sync([sent(session, 0), sent(session, 1)])).rejects.toMatchObject(ROLLED_BACK);
    old.close();
    const again = start(homeserver, copy);
    await expect(again.watch.beforeUse()).rejects.toMatchObject(ROLLED_BACK);
    await expect(again.sync()).rejects.toMatchObject(ROLLED_BACK);
    expect(homeserver.puts).toBe(puts);
    await start(homeserver, path).sync([sent(session, 0), sent(session, 1)]);
  });

  it.each([
    ["its device ID", { device_id: DEVICE }, {}],
    ["its transaction ID", {}, { unsigned: { transaction_id: "t" } }],
  ])(
    "of the same run is suspected for a whole session, which shows as ours by %s: not an answer more is acted on",
    async (_by, more, event) => {
      const { server: homeserver, path } = server();
      await use(homeserver, path);
      const unknown = { ...sent(megolmSession(), 0, more), ...event };
      const suspected = start(homeserver, path);
      await expect(suspected.sync([unknown])).rejects.toMatchObject(IN_DOUBT);
      await expect(suspected.watch.beforeUse()).rejects.toMatchObject(IN_DOUBT);
      suspected.close();
      const again = start(homeserver, path);
      await expect(again.watch.beforeUse()).rejects.toThrow(unknown.event_id);
      await expect(again.sync()).rejects.toMatchObject(IN_DOUBT);
    },
  );

  it("is not suspected because of what other devices and other people send", async () => {
    const { server: homeserver, path } = server();
    const { sync, store } = start(homeserver, path);
    await sync([sent(megolmSession(), 7, { device_id: "ELEMENT" }), sent(megolmSession(), 3, {})]);
    await sync([{ ...sent(megolmSession(), 7), sender: "@mallory:example.org" }]);
    await sync([event("m.room.encrypted", { session_id: "s", ciphertext: "????", device_id: DEVICE })]);
    expect(store.epoch.doubts()).toEqual([]);
  });

  it.each([
    ["another's signature", megolmSession().ciphertext(7)],
    ["no signature", Buffer.from([3, 0x08, 7, 0x12, 0]).toString("base64")],
    ["an earlier message of ours with a higher index", undefined],
  ])(
    "is not proven by what a homeserver can make: an event under our own session with %s",
    async (_what, made) => {
      const { server: homeserver, path } = server();
      const session = megolmSession();
      const { sync, store, watch } = start(homeserver, path);
      store.sessions.spendIndex(session.sessionId, 0);
      const altered = Buffer.from(session.ciphertext(0), "base64");
      altered[2] = 7;
      const forged = sent({ ...session, ciphertext: () => made ?? altered.toString("base64") }, 7);
      await sync([forged]);
      await watch.beforeUse();
    },
  );

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
        const session = megolmSession();
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
            const index = run.store.sessions.nextIndex(session.sessionId) ?? 0;
            run.store.sessions.spendIndex(session.sessionId, index);
            events.push(sent(session, index));
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
        const refused = { code: expect.stringMatching(/^STORE_(?:ROLLED_BACK|IN_DOUBT)$/) };
        if (isOld) await expect(restored.sync(events)).rejects.toMatchObject(refused);
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

  it("of which one is a machine that was put back as it ran: its own later number gives it away", async () => {
    const { server: homeserver, path } = server();
    const { sync, watch } = start(homeserver, path);
    await sync();
    await watch.beforeUse();
    const type = `alt.sotto.store.${DEVICE}`;
    homeserver.data.set(type, { ...homeserver.data.get(type), epoch: 5 });
    await expect(sync()).rejects.toMatchObject(ROLLED_BACK);
  });
});
