import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";

// A recovery is rehearsed: on a device that is gone afterwards, whatever comes of it.

const { newBot, newListener, proxy, synapse } = await openWorld();

async function devicesOf({ accessToken }: Bot): Promise<string[]> {
  const path = "/_matrix/client/v3/devices";
  const { devices } = await synapse.request<{ devices: { device_id: string }[] }>("GET", path, accessToken);
  return devices.map(({ device_id }) => device_id).sort();
}

interface LastDrill {
  errorCode?: string;
  finishedMs?: number;
  deviceId?: string;
}
async function lastDrillOf(bot: Bot): Promise<LastDrill | undefined> {
  const { stdout } = await bot.run(["recovery", "status"]);
  return (JSON.parse(stdout) as { lastDrill?: LastDrill }).lastDrill;
}

const passwordOf = (bot: Bot) => ["--password-file", bot.secretFile(bot.account.password)];
const drillWith = (bot: Bot, keyFile: string, ...flags: string[]) =>
  bot.run(["recovery", "drill", "--recovery-key-file", keyFile, ...flags]);

describe("the drill", () => {
  it("plays a canary on a device that is gone afterwards, and is remembered", async () => {
    const [bot, listener] = await Promise.all([newBot(), newListener()]);
    const { roomId } = await listener.request("create_room", { invite: [bot.userId] });
    const voice = await record("played-by-the-drill.ogg", undefined, "-c:a", "libopus");
    const sent = resultOf<{ eventId: string }>(await bot.run(["send", voice, "--room", roomId]));
    const devices = await devicesOf(bot);
    const before = proxy.requests.length;
    for (const room of [undefined, roomId]) {
      const flags = [...passwordOf(bot), ...(room ? ["--room", room] : [])];
      const result = resultOf<{ eventId: string; size: number }>(
        await drillWith(bot, bot.recoveryKeyFile, ...flags),
      );
      expect(result).toMatchObject({ damaged: 0, ...(room ? { roomId, eventId: sent.eventId } : {}) });
      expect(result.size).toBeGreaterThan(500);
    }
    expect(await devicesOf(bot)).toEqual(devices);
    // the throw-away device publishes no keys: nobody shares anything with it or rotates because of it
    const uploads = proxy.requests.slice(before).filter(({ path }) => path.endsWith("/keys/upload"));
    expect(uploads.filter(({ body }) => body.includes("DRILL"))).toEqual([]);
    const last = await lastDrillOf(bot);
    expect(last?.finishedMs).toBeGreaterThan(0);
    expect([last?.errorCode, last?.deviceId]).toEqual([undefined, undefined]);
  });

  it("says that the room it was told holds no voice message of ours", async () => {
    const [bot, listener] = await Promise.all([newBot(), newListener()]);
    const { roomId } = await listener.request("create_room", { invite: [bot.userId] });
    resultOf(await bot.run(["doctor"]));
    await synapse.request(
      "POST",
      `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`,
      bot.accessToken,
      {},
    );
    const outcome = await drillWith(bot, bot.recoveryKeyFile, ...passwordOf(bot), "--room", roomId);
    expect(errorOf(outcome)).toMatchObject({ code: "USAGE", message: expect.stringContaining(roomId) });
    const typo = await drillWith(bot, bot.recoveryKeyFile, ...passwordOf(bot), "--room", "!nowhere");
    expect(errorOf(typo)).toMatchObject({ code: "USAGE", message: expect.stringContaining("!nowhere") });
    expect(await lastDrillOf(bot)).toBeUndefined();
    expect((await devicesOf(bot)).filter((deviceId) => deviceId.startsWith("DRILL"))).toEqual([]);
  });
});

describe("a drill", () => {
  it("that fails says why, leaves no device, and is remembered as failed", async () => {
    const [bot, stranger] = await Promise.all([newBot(), newBot()]);
    const devices = await devicesOf(bot);
    const wrongKey = await drillWith(bot, stranger.recoveryKeyFile, ...passwordOf(bot));
    expect(errorOf(wrongKey)).toMatchObject({ code: "RECOVERY_KEY_WRONG" });
    expect(await lastDrillOf(bot)).toMatchObject({ errorCode: "RECOVERY_KEY_WRONG" });
    const wrong = ["--password-file", bot.secretFile("wrong")];
    expect(errorOf(await drillWith(bot, bot.recoveryKeyFile, ...wrong))).toMatchObject({
      code: "LOGIN_FAILED",
    });
    const ours = ["--access-token-file", join(bot.data, "access-token")];
    const outcome = await drillWith(bot, bot.recoveryKeyFile, ...ours);
    expect(errorOf(outcome)).toMatchObject({ code: "TOKEN_OF_OTHER_CLIENT" });
    expect(await devicesOf(bot)).toEqual(devices);
  });

  it("that was cut off is cleaned up after by the next, whose device it was", async () => {
    const bot = await newBot();
    const devices = await devicesOf(bot);
    const args = ["recovery", "drill", "--recovery-key-file", bot.recoveryKeyFile, ...passwordOf(bot)];
    const hanging = proxy.next(
      ({ method, path }) => method === "GET" && path.includes("/room_keys/keys?"),
      "hang before",
    );
    const running = bot.start(args);
    await hanging;
    await running.end("SIGKILL");
    expect(await devicesOf(bot)).toHaveLength(devices.length + 1);
    resultOf(await bot.run(args));
    expect(await devicesOf(bot)).toEqual(devices);
  });

  it("works with the token of a new device, where there is no password", async () => {
    const bot = await newBot();
    const devices = await devicesOf(bot);
    const { accessToken } = await synapse.login(bot.userId, bot.account.password);
    const token = ["--access-token-file", bot.secretFile(accessToken)];
    resultOf(await drillWith(bot, bot.recoveryKeyFile, ...token));
    expect(await devicesOf(bot)).toEqual(devices);
  });
});
