import { existsSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Account, Bot } from "../support/bot.ts";
import { expire } from "../support/expire.ts";
import { errorOf, resultOf, sotto } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";

// `sotto init` goes wrong half-way, its cure is followed, and then it is well.

const { folder, newAccount, newBot, proxy, synapse } = await openWorld();
const homeserver = proxy.baseUrl;
const place = (account: Account): Bot => new Bot(account, mkdtempSync(join(folder, "home-")));
const login = ({ userId, password }: Account, deviceId?: string) => synapse.login(userId, password, deviceId);

/** The flags with a token instead of the password. */
function withToken(bot: Bot, accessToken: string, recoveryKeyFile?: string): string[] {
  const args = bot.initArguments({ homeserver, ...(recoveryKeyFile ? { recoveryKeyFile } : {}) });
  args.splice(args.indexOf("--password-file"), 2, "--access-token-file", bot.secretFile(accessToken));
  return args;
}

/** The homeserver takes the device's keys, and then tells nothing more about the account. */
async function failingAfterUpload(args: string[]): Promise<{ code: string }> {
  const uploading = proxy.arrival(({ path }) => path.includes("/keys/upload"));
  const running = sotto(args);
  await uploading;
  const refused = { status: 403, body: { errcode: "M_FORBIDDEN", error: "not now" } };
  const restore = proxy.intercept(({ path }) => path.includes("/account_data/"), refused);
  try {
    return errorOf(await running);
  } finally {
    restore();
  }
}

async function devicesOf(accessToken: string): Promise<string[]> {
  const path = "/_matrix/client/v3/devices";
  const { devices } = await synapse.request<{ devices: { device_id: string }[] }>("GET", path, accessToken);
  return devices.map(({ device_id }) => device_id).sort();
}

function expectNothingMade({ config, data, recoveryKeyFile }: Bot): void {
  expect([config, data, recoveryKeyFile].filter(existsSync)).toEqual([]);
}

describe("a token that somebody else made, for an account with an identity", () => {
  it("is not used up by an init that lacks the recovery key, or has a wrong one", async () => {
    const [owner, stranger] = [await newBot(), await newBot()];
    const { accessToken, deviceId } = await login(owner.account);
    const bot = place(owner.account);
    const lacks = errorOf(await sotto(withToken(bot, accessToken)));
    expect(lacks).toMatchObject({
      code: "IDENTITY_EXISTS",
      cure: expect.stringContaining("--recovery-key-"),
    });
    expectNothingMade(bot);
    const wrong = errorOf(await sotto(withToken(bot, accessToken, stranger.recoveryKeyFile)));
    expect(wrong).toMatchObject({ code: "RECOVERY_KEY_WRONG", exitCode: 3 });
    const mistyped = bot.secretFile(readFileSync(owner.recoveryKeyFile, "utf8").replace(/\w/, "z"));
    expect(errorOf(await sotto(withToken(bot, accessToken, mistyped)))).toMatchObject({
      code: "RECOVERY_KEY_WRONG",
    });
    expectNothingMade(bot);
    const joined = await sotto(withToken(bot, accessToken, owner.recoveryKeyFile));
    expect(resultOf(joined)).toMatchObject({ deviceId, identity: "joined" });
  });
});

describe("init that fails after the device's keys were published", () => {
  it("with somebody else's token keeps the store they belong to, and goes on with it the next time", async () => {
    const account = await newAccount();
    const bot = place(account);
    const args = withToken(bot, account.accessToken);
    expect(await failingAfterUpload(args)).toMatchObject({ code: "HOMESERVER_ERROR" });
    expect(readdirSync(bot.data)).toContain("crypto.sqlite");
    const again = resultOf(await sotto(args));
    expect(again).toMatchObject({ deviceId: account.deviceId, identity: "created" });
  });

  it("with a password logs its device out, and takes back what it made", async () => {
    const account = await newAccount();
    const bot = place(account);
    const devices = await devicesOf(account.accessToken);
    const error = await failingAfterUpload(bot.initArguments({ homeserver }));
    expect(error).toMatchObject({ code: "HOMESERVER_ERROR" });
    expectNothingMade(bot);
    expect(await devicesOf(account.accessToken)).toEqual(devices);
    await bot.init({ homeserver });
  });
});

describe("init with a password", () => {
  it("that cannot write its config leaves no device and no file, and can be repeated", async () => {
    const account = await newAccount();
    const bot = place(account);
    const args = bot.initArguments({ homeserver });
    const at = args.indexOf("--config") + 1;
    args[at] = join(bot.home, "etc", "sotto.yaml");
    const before = proxy.requests.length;
    for (const _try of [1, 2]) {
      const error = errorOf(await sotto(args));
      expect(error).toMatchObject({ code: "USAGE", exitCode: 2 });
      expect(error.message).toContain(join(bot.home, "etc"));
      expectNothingMade(bot);
    }
    expect(proxy.requests).toHaveLength(before);
    await bot.init({ homeserver });
  });

  it("that fails after the login logs its device out, and takes back what it made", async () => {
    const owner = await newBot();
    const devices = await devicesOf(owner.accessToken);
    const bot = place(owner.account);
    expect(errorOf(await sotto(bot.initArguments({ homeserver })))).toMatchObject({
      code: "IDENTITY_EXISTS",
    });
    expect(await devicesOf(owner.accessToken)).toEqual(devices);
    expectNothingMade(bot);
  });
});

describe("a token that is rejected", () => {
  it("of a device that is still there: init with the password logs in to it again", async () => {
    const bot = await newBot();
    const { accessToken } = await login(bot.account, bot.deviceId);
    writeFileSync(join(bot.data, "access-token"), accessToken);
    expire(accessToken);
    const again = await sotto(bot.initArguments({ homeserver }));
    expect(resultOf(again)).toMatchObject({ deviceId: bot.deviceId, identity: "already signed" });
    expect(bot.accessToken).not.toBe(accessToken);
    const { checks } = resultOf<{ checks: { name: string; result: string }[] }>(await bot.run(["doctor"]));
    expect(checks.filter(({ name, result }) => result !== "pass" && name !== "sandbox")).toEqual([]);
  });

  it("of a device that was deleted: each cure says what to do next, and the last one works", async () => {
    const bot = await newBot();
    const { accessToken } = await login(bot.account);
    await synapse.request("POST", "/_matrix/client/v3/logout", bot.accessToken, {});
    const rejected = errorOf(await bot.run(["receive", "--out", join(bot.home, "out"), "--timeout", "2"]));
    expect(rejected).toMatchObject({ code: "TOKEN_REJECTED" });
    expect(rejected.cure).toContain("sotto init");
    expect(rejected.cure).toContain("--password-file");

    const devices = await devicesOf(accessToken);
    const gone = errorOf(await sotto(bot.initArguments({ homeserver })));
    expect(gone).toMatchObject({ code: "TOKEN_REJECTED", exitCode: 3 });
    expect(gone.message).toContain(bot.deviceId);
    for (const flag of ["--config", "--data-dir", "--recovery-key-file"]) expect(gone.cure).toContain(flag);
    expect(await devicesOf(accessToken)).toEqual(devices);
    expect(readdirSync(bot.data)).toContain("crypto.sqlite");

    await place(bot.account).init({ homeserver, recoveryKeyFile: bot.recoveryKeyFile });
  });
});
