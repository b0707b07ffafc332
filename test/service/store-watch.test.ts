import { describe, expect, it } from "vitest";
import { StoreWatch } from "../../src/service/store-watch.ts";
import { openStore } from "../../src/store/index.ts";
import { OWN, storeOptions } from "../support/store.ts";
import { DEVICE, type Run, server, start, use } from "../support/store-watch.ts";

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
