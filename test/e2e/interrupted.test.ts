import { existsSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Bot } from "../support/bot.ts";
import { endAllSotto, errorOf, resultOf, startSotto } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";

const { folder, newAccount, newBot, proxy, synapse } = await openWorld();
const interrupted = { code: "INTERRUPTED", exitCode: 3 };

afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

async function devicesOf({ account: { userId, password } }: Bot): Promise<string[]> {
  const { accessToken, deviceId: own } = await synapse.login(userId, password);
  const path = "/_matrix/client/v3/devices";
  const { devices } = await synapse.request<{ devices: { device_id: string }[] }>("GET", path, accessToken);
  return devices.map(({ device_id }) => device_id).filter((deviceId) => deviceId !== own);
}

describe("a command that waits for a silent homeserver", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("ends on %s, and says that it was ended", async (signal) => {
    const bot = await newBot();
    const silent = proxy.next(({ path }) => path.includes("/keys/query"), "hang before");
    const running = bot.start(["identity", "status"]);
    await silent;
    expect(errorOf(await running.end(signal))).toMatchObject(interrupted);
  });

  it("is doctor, which has no store to hold yet", async () => {
    const bot = await newBot();
    const silent = proxy.next(({ path }) => path.endsWith("/versions"), "hang before");
    const running = bot.start(["doctor"]);
    await silent;
    expect(errorOf(await running.end("SIGINT"))).toMatchObject(interrupted);
  });

  it.each(["/versions", "/login", "/keys/query", "/sync", "/keys/upload"])(
    "is init, at %s: it ends, takes back what it has made, and can be run again",
    async (at) => {
      const { userId, password } = await newAccount();
      const bot = new Bot({ userId, password }, mkdtempSync(join(folder, "left-")));
      const before = await devicesOf(bot);
      const args = bot.initArguments({ homeserver: proxy.baseUrl });
      const silent = proxy.next(({ path }) => path.includes(at), "hang before");
      const running = startSotto(args);
      await silent;
      expect(errorOf(await running.end("SIGINT"))).toMatchObject(interrupted);
      expect([bot.config, bot.data, bot.recoveryKeyFile].filter(existsSync)).toEqual([]);
      expect(await devicesOf(bot)).toHaveLength(before.length + 1); // whoever asked before
      resultOf(await startSotto(args).ended);
    },
  );

  it("is logout: it ends, deletes nothing here, and is finished by the next", async () => {
    const bot = await newBot();
    const silent = proxy.next(({ path }) => path.endsWith("/logout"), "hang before");
    const running = bot.start(["logout", "--yes"]);
    await silent;
    expect(errorOf(await running.end("SIGINT"))).toMatchObject(interrupted);
    expect(["access-token", "crypto.sqlite"].filter((name) => !existsSync(join(bot.data, name)))).toEqual([]);
    expect(await devicesOf(bot)).toContain(bot.deviceId);
    resultOf(await bot.run(["logout", "--yes"]));
    expect(await devicesOf(bot)).not.toContain(bot.deviceId);
  });
});
