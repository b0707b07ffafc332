import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { endAllSotto, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// The device and its store go together, whatever cuts it off; the identity stays, and signs the next device.

const { folder, newBot, newListener, proxy, synapse } = await openWorld();
let listener: Listener;
let voice: string;

beforeAll(async () => {
  [listener, voice] = await Promise.all([newListener(), record("last-words.wav")]);
});
afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

const devicesOf = async ({ account }: Bot): Promise<string[]> => {
  const { accessToken, deviceId: own } = await synapse.login(account.userId, account.password);
  const { devices } = await synapse.request<{ devices: { device_id: string }[] }>(
    "GET",
    "/_matrix/client/v3/devices",
    accessToken,
  );
  return devices.map(({ device_id }) => device_id).filter((deviceId) => deviceId !== own);
};

describe("sotto logout", () => {
  it.each(["hang before", "hang after"] as const)(
    "killed, %s the homeserver has deleted the device: is finished by the next",
    async (fault) => {
      const bot = await newBot();
      const asked = proxy.next(({ path }) => path.endsWith("/logout"), fault);
      const first = bot.start(["logout", "--yes"]);
      await asked;
      await first.end("SIGKILL");
      expect(existsSync(join(bot.data, "crypto.sqlite"))).toBe(true);
      resultOf(await bot.run(["logout", "--yes"]));
      expect(readdirSync(bot.data).toSorted()).toEqual(["compile-cache", "store.key"]);
      expect(await devicesOf(bot)).not.toContain(bot.deviceId);
    },
  );

  it("leaves what a new device of the same identity needs", async () => {
    const bot = await newBot();
    const backup = join(folder, `backup-${bot.deviceId}`);
    resultOf(await bot.run(["backup", "--out", backup]));
    resultOf(await bot.run(["logout", "--yes"]));
    const next = new Bot(bot.account, join(folder, `next-${bot.deviceId}`));
    await next.init({ homeserver: proxy.baseUrl, recoveryKeyFile: bot.recoveryKeyFile });
    expect(next.deviceId).not.toBe(bot.deviceId);
    const { roomId } = await listener.request("create_room", { invite: [next.userId] });
    const { eventId } = resultOf<SendResult>(await next.run(["send", voice, "--room", roomId]));
    await listener.request("wait_event", { roomId, eventId, kind: "m.audio" });
    const key = join(bot.data, "store.key");
    const opened = resultOf<{ deviceId: string }>(
      await next.run(["backup", "--open", backup, "--store-key-file", key]),
    );
    expect(opened.deviceId).toBe(bot.deviceId);
  });
});
