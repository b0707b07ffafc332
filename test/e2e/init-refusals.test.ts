import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { Bot } from "../support/bot.ts";
import { errorOf, resultOf, sotto } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";

// Each way in which `sotto init` refuses: with a code and a cure, and nothing left behind.

const { folder, newAccount, newBot, newListener, proxy } = await openWorld();
const homeserver = proxy.baseUrl;

let homes = 0;
/** A place for an account that has not been made ready. */
function place(account: { userId: string; password: string }): Bot {
  const home = join(folder, `home-${++homes}`);
  mkdirSync(home);
  return new Bot(account, home);
}

function expectNothingLeft(bot: Bot): void {
  const made = readdirSync(bot.home).filter((name) => !name.startsWith("secret-"));
  expect(made.filter((name) => name !== "data" && name !== "elsewhere")).toEqual([]);
  expect(readdirSync(join(bot.home, "elsewhere"))).toEqual([]); // where the recovery key would lie
  expect(existsSync(bot.data) ? readdirSync(bot.data) : []).toEqual([]);
}

/** The flags with a token instead of the password. */
function withToken(bot: Bot, accessToken: string): string[] {
  const args = bot.initArguments({ homeserver });
  args.splice(args.indexOf("--password-file"), 2, "--access-token-file", bot.secretFile(accessToken));
  return args;
}

describe("init refuses", () => {
  it("a wrong password", async () => {
    const { userId } = await newAccount();
    const bot = place({ userId, password: "not this one" });
    const error = errorOf(await sotto(bot.initArguments({ homeserver })));
    expect(error).toMatchObject({ code: "LOGIN_FAILED", exitCode: 3 });
    expect(error.cure).toContain("password");
    expectNothingLeft(bot);
  });

  it("an access token that was copied from another client", async () => {
    const listener = await newListener();
    const bot = place(listener.account);
    const before = await listener.request("devices", { userId: listener.userId });
    const error = errorOf(await sotto(withToken(bot, listener.session.accessToken)));
    expect(error).toMatchObject({ code: "TOKEN_OF_OTHER_CLIENT", exitCode: 3 });
    expect(error.cure).toContain("password");
    expectNothingLeft(bot);
    // the other client goes on as if nothing had happened
    expect(await listener.request("devices", { userId: listener.userId })).toEqual(before);
  });

  it("an access token of another account", async () => {
    const [{ accessToken }, other] = await Promise.all([newAccount(), newAccount()]);
    const bot = place(other);
    expect(errorOf(await sotto(withToken(bot, accessToken)))).toMatchObject({
      code: "LOGIN_FAILED",
      exitCode: 3,
    });
    expectNothingLeft(bot);
  });

  it("an access token that the homeserver does not know", async () => {
    const bot = place(await newAccount());
    expect(errorOf(await sotto(withToken(bot, "syt_made_up")))).toMatchObject({
      code: "TOKEN_REJECTED",
      exitCode: 3,
    });
    expectNothingLeft(bot);
  });

  it("to leave the recovery key beside the store", async () => {
    const bot = place(await newAccount());
    const args = bot.initArguments({ homeserver });
    args[args.indexOf("--recovery-key-out") + 1] = join(bot.data, "recovery-key");
    const requests = proxy.requests.length;
    const error = errorOf(await sotto(args));
    expect(error).toMatchObject({ code: "USAGE", exitCode: 2 });
    expect(error.message).toContain("outside the data directory");
    expect(proxy.requests).toHaveLength(requests);
    expectNothingLeft(bot);
  });

  it("the config of another account, and does not touch it", async () => {
    const [bot, other] = await Promise.all([newBot(), newAccount()]);
    const before = readFileSync(bot.config, "utf8");
    const args = place(other).initArguments({ homeserver });
    args[args.indexOf("--config") + 1] = bot.config;
    expect(errorOf(await sotto(args))).toMatchObject({ code: "FILE_EXISTS", exitCode: 2 });
    expect(readFileSync(bot.config, "utf8")).toBe(before);
  });

  it("a data directory that holds another device's store", async () => {
    const [bot, other] = await Promise.all([newBot(), newAccount()]);
    const key = readFileSync(join(bot.data, "store.key"));
    const args = place(other).initArguments({ homeserver });
    args[args.indexOf("--data-dir") + 1] = bot.data;
    expect(errorOf(await sotto(args))).toMatchObject({ code: "FILE_EXISTS", exitCode: 2 });
    expect(readFileSync(join(bot.data, "store.key"))).toEqual(key);
  });

  it("to go on when the recovery key cannot be written", async () => {
    const bot = place(await newAccount());
    const args = bot.initArguments({ homeserver });
    args[args.indexOf("--recovery-key-out") + 1] = bot.secretFile("something else that matters");
    expect(errorOf(await sotto(args))).toMatchObject({ code: "FILE_EXISTS", exitCode: 2 });
    expectNothingLeft(bot);
    // no identity came of it: with another place it works
    await bot.init({ homeserver });
  });

  it("to guess what nobody told it", async () => {
    const error = errorOf(await sotto(["init", "--yes", "--json"]));
    expect(error).toMatchObject({ code: "USAGE", exitCode: 2 });
    for (const flag of ["--homeserver", "--user", "--password-file", "--recovery-key-out"]) {
      expect(error.message).toContain(flag);
    }
  });
});

describe("init accepts", () => {
  it("an access token of a device that has no keys yet", async () => {
    const account = await newAccount();
    const bot = place(account);
    const result = resultOf(await sotto(withToken(bot, account.accessToken)));
    expect(result).toMatchObject({ deviceId: account.deviceId, identity: "created" });
  });
});
