import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { errorOf, resultOf, sotto } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";
import { isSignedBy } from "../witness/sign-listener.ts";

// What `sotto init` makes of an account, as the homeserver shows it to everybody else.

const { folder, newBot, newListener, proxy, synapse } = await openWorld();
let bot: Bot;

beforeAll(async () => {
  bot = await newBot();
});

type SignedKey = Parameters<typeof isSignedBy>[0] & { keys: Record<string, string>; usage?: string[] };
type KeysOf = Record<string, SignedKey>;

function publishedKeys() {
  return synapse.request<{
    device_keys: Record<string, KeysOf>;
    master_keys: KeysOf;
    self_signing_keys: KeysOf;
    user_signing_keys: KeysOf;
  }>("POST", "/_matrix/client/v3/keys/query", bot.accessToken, { device_keys: { [bot.userId]: [] } });
}

async function devicesOf(account: Bot): Promise<string[]> {
  const { devices } = await synapse.request<{ devices: { device_id: string }[] }>(
    "GET",
    "/_matrix/client/v3/devices",
    account.accessToken,
  );
  return devices.map(({ device_id }) => device_id).sort();
}

const accountData = (type: string) =>
  synapse.request<Record<string, unknown>>(
    "GET",
    `/_matrix/client/v3/user/${encodeURIComponent(bot.userId)}/account_data/${type}`,
    bot.accessToken,
  );

describe("after init", () => {
  it("the device is signed by the account's own identity, link by link", async () => {
    const published = await publishedKeys();
    const { userId, deviceId } = bot;
    const [masterId, masterKey] = Object.entries(published.master_keys[userId]!.keys)[0]!;
    const selfSigning = published.self_signing_keys[userId]!;
    const userSigning = published.user_signing_keys[userId]!;
    expect(selfSigning.usage).toEqual(["self_signing"]);
    expect(userSigning.usage).toEqual(["user_signing"]);
    expect(isSignedBy(selfSigning, userId, masterId, masterKey)).toBe(true);
    expect(isSignedBy(userSigning, userId, masterId, masterKey)).toBe(true);
    const [selfSigningId, selfSigningKey] = Object.entries(selfSigning.keys)[0]!;
    const device = published.device_keys[userId]![deviceId]!;
    expect(isSignedBy(device, userId, selfSigningId, selfSigningKey)).toBe(true);
    // padded key IDs are silently dropped by other clients
    expect([masterId, selfSigningId].join()).not.toContain("=");
  });

  it("the three private keys are in secret storage, encrypted for its default key", async () => {
    const { key } = (await accountData("m.secret_storage.default_key")) as { key: string };
    expect(await accountData(`m.secret_storage.key.${key}`)).toMatchObject({
      algorithm: "m.secret_storage.v1.aes-hmac-sha2",
    });
    for (const name of ["master", "self_signing", "user_signing"]) {
      const { encrypted } = await accountData(`m.cross_signing.${name}`);
      expect(Object.keys(encrypted as object)).toEqual([key]);
    }
  });

  it("whatever is secret can be read by its owner only, and the recovery key is nowhere else", () => {
    for (const path of [bot.config, bot.recoveryKeyFile, join(bot.data, "store.key")]) {
      expect(statSync(path).mode & 0o777).toBe(0o600);
    }
    const recoveryKey = readFileSync(bot.recoveryKeyFile, "utf8").trim();
    expect(recoveryKey).toMatch(/^[A-Za-z0-9]{4}( [A-Za-z0-9]{4})+$/);
    for (const name of readdirSync(bot.data)) {
      const { mode } = statSync(join(bot.data, name));
      expect([name, mode & 0o077]).toEqual([name, 0]);
      const bytes = readFileSync(join(bot.data, name), "latin1");
      expect(bytes.includes(recoveryKey) || bytes.includes(recoveryKey.replaceAll(" ", ""))).toBe(false);
    }
    for (const { body } of proxy.requests) expect(body.toString()).not.toContain(recoveryKey);
  });

  it("doctor finds nothing wrong", async () => {
    const { checks } = resultOf<{ checks: { name: string; result: string }[] }>(await bot.run(["doctor"]));
    expect(checks.filter(({ name, result }) => result !== "pass" && name !== "sandbox")).toEqual([]);
  });

  it("another init of the same config changes nothing", async () => {
    const [keys, devices] = [await publishedKeys(), await devicesOf(bot)];
    const again = await sotto(bot.initArguments({ homeserver: proxy.baseUrl }));
    expect(resultOf(again)).toMatchObject({ deviceId: bot.deviceId, identity: "already signed" });
    expect(await publishedKeys()).toEqual(keys);
    expect(await devicesOf(bot)).toEqual(devices);
  });
});

describe("a second device for an account that has an identity", () => {
  it("is refused without the recovery key, and nothing is left of it", async () => {
    const home = join(folder, "without-key");
    mkdirSync(home);
    const second = new Bot(bot.account, home);
    const [keys, devices] = [await publishedKeys(), await devicesOf(bot)];
    const error = errorOf(await sotto(second.initArguments({ homeserver: proxy.baseUrl })));
    expect(error).toMatchObject({ code: "IDENTITY_EXISTS", exitCode: 3 });
    expect(error.cure).toContain("--recovery-key-file");
    expect([second.config, second.recoveryKeyFile].filter(existsSync)).toEqual([]);
    expect(existsSync(second.data) ? readdirSync(second.data) : []).toEqual([]);
    expect(await devicesOf(bot)).toEqual(devices);
    expect(await publishedKeys()).toEqual(keys);
  });

  it("is refused with a recovery key of another account", async () => {
    const stranger = await newBot();
    const home = join(folder, "wrong-key");
    mkdirSync(home);
    const second = new Bot(bot.account, home);
    const devices = await devicesOf(bot);
    const { recoveryKeyFile } = stranger;
    const init = second.initArguments({ homeserver: proxy.baseUrl, recoveryKeyFile });
    expect(errorOf(await sotto(init))).toMatchObject({ code: "RECOVERY_KEY_WRONG", exitCode: 3 });
    expect(await devicesOf(bot)).toEqual(devices);
    expect(existsSync(second.config)).toBe(false);
  });

  it("is signed with it, leaves the identity as it was, and can send", async () => {
    const home = join(folder, "with-key");
    mkdirSync(home);
    const second = new Bot(bot.account, home);
    const before = await publishedKeys();
    await second.init({ homeserver: proxy.baseUrl, recoveryKeyFile: bot.recoveryKeyFile });
    const after = await publishedKeys();
    expect(after.master_keys).toEqual(before.master_keys);
    expect(after.self_signing_keys).toEqual(before.self_signing_keys);
    expect(after.device_keys[bot.userId]).toHaveProperty(second.deviceId);

    const listener = await newListener();
    const { roomId } = await listener.request("create_room", { invite: [bot.userId] });
    const sent = await second.run(["send", await record("from-my-second-device.wav"), "--room", roomId]);
    const { eventId, sharedWith } = resultOf<SendResult>(sent);
    expect(sharedWith).toContainEqual({ userId: bot.userId, deviceId: bot.deviceId });
    const heard = await listener.request("wait_event", { roomId, eventId, kind: "m.audio" });
    expect(heard.senderDevice?.deviceId).toBe(second.deviceId);
  });
});
