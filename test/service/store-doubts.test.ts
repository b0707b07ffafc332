import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { megolmSession } from "../support/store.ts";
import { DEVICE, sent, server, snapshot, start, use } from "../support/store-watch.ts";
import { temporaryDirectory } from "../support/temporary.ts";

// What is no proof: a store stops, and a person decides.

const ROLLED_BACK = { code: "STORE_ROLLED_BACK", exitCode: 3 };
const IN_DOUBT = { code: "STORE_IN_DOUBT", exitCode: 3 };
const RECORD_MISSING = { code: "STORE_RECORD_MISSING", exitCode: 3 };

describe("a record that somebody has cleared", () => {
  const TYPE = `alt.sotto.store.${DEVICE}`;
  const NONE: [string, Record<string, unknown>][] = [
    ["empty", {}],
    ["without a number", { instance: "x" }],
    ["with a number that is none", { epoch: "7", instance: "x" }],
  ];

  it.each(NONE)("is written again by the run that has found itself the newest: %s", async (_what, record) => {
    const { server: homeserver, path } = server();
    const { sync, watch } = start(homeserver, path);
    await sync();
    await watch.beforeUse();
    homeserver.data.set(TYPE, record);
    await sync();
    await watch.beforeUse();
    expect(homeserver.epoch).toBe(2);
    await sync();
    expect(homeserver.puts).toBe(2);
  });

  it.each(NONE)("stops a start before any use, and the old copy as the newest: %s", async (_what, record) => {
    const { server: homeserver, path } = server();
    await use(homeserver, path);
    const copy = snapshot(path);
    await use(homeserver, path);
    const { puts } = homeserver;
    homeserver.data.set(TYPE, record);
    for (const data of [copy, path]) {
      const run = start(homeserver, data);
      await expect(run.sync()).rejects.toMatchObject(RECORD_MISSING);
      await expect(run.watch.beforeUse()).rejects.toMatchObject(RECORD_MISSING);
      await expect(run.watch.inspect()).rejects.toMatchObject(RECORD_MISSING);
      run.close();
    }
    expect(homeserver.puts).toBe(puts);
  });

  it("and that is gone altogether stops who asks for it, but not a device before its first use", async () => {
    const { server: homeserver, path } = server();
    await use(homeserver, path);
    homeserver.data.clear();
    const run = start(homeserver, path);
    await expect(run.watch.beforeUse()).rejects.toMatchObject(RECORD_MISSING);
    await start(homeserver, join(temporaryDirectory(), "new.sqlite")).watch.beforeUse();
  });

  it("lets the store go on once a person has confirmed it, and any other copy stops then", async () => {
    const { server: homeserver, path } = server();
    await use(homeserver, path);
    const copy = snapshot(path);
    await use(homeserver, path);
    homeserver.data.set(TYPE, {});
    const run = start(homeserver, path);
    expect(await run.watch.confirm()).toEqual({ recordMissing: true, events: [] });
    expect(homeserver.epoch).toBe(3);
    run.close();
    await use(homeserver, path);
    await expect(start(homeserver, copy).sync()).rejects.toMatchObject(ROLLED_BACK);
  });

  it("is not confirmed for a copy that shows as one", async () => {
    const { server: homeserver, path } = server();
    await use(homeserver, path);
    const copy = snapshot(path);
    await use(homeserver, path);
    await expect(start(homeserver, copy).watch.confirm()).rejects.toMatchObject(ROLLED_BACK);
    const condemned = start(homeserver, path);
    condemned.store.epoch.condemn("it would use an index again");
    await expect(condemned.watch.confirm()).rejects.toMatchObject(ROLLED_BACK);
  });
});

describe("a doubt", () => {
  it("is dispelled by a person, for the sessions that were seen and for no other", async () => {
    const { server: homeserver, path } = server();
    await use(homeserver, path);
    const [forged, another] = [megolmSession(), megolmSession()];
    const stopped = start(homeserver, path);
    await expect(stopped.sync([sent(forged, 0), sent(another, 0)])).rejects.toMatchObject(IN_DOUBT);
    const { events } = await stopped.watch.confirm();
    expect(events.map(({ sessionId }) => sessionId)).toEqual([forged.sessionId, another.sessionId]);
    stopped.close();
    const run = start(homeserver, path);
    await run.sync([sent(forged, 0), sent(another, 0), sent(forged, 1)]);
    await run.watch.beforeUse();
    await expect(run.sync([sent(megolmSession(), 0)])).rejects.toMatchObject(IN_DOUBT);
  });
});
