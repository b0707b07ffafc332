import { randomBytes } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bareBot, publishedMasterKey, storedMasterKey } from "../support/account-keys.ts";
import type { Bot } from "../support/bot.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";

// `sotto identity bootstrap`: makes what is not there, signs what is not signed, replaces nothing.

const { folder, newAccount, newBot, proxy, synapse } = await openWorld();
const homeserver = proxy.baseUrl;

const bootstrap = (bot: Bot, ...flags: string[]) => bot.run(["identity", "bootstrap", ...flags]);
const toFile = (bot: Bot) => ["--recovery-key-out", bot.recoveryKeyFile];
const newBareBot = async () => bareBot(await newAccount(), folder, homeserver);

describe("an account without an identity", () => {
  it("gets one, with recovery and backup, and a second time nothing changes", async () => {
    const bot = await newBareBot();
    expect((await bot.run(["identity", "status"])).code).toBe(1);
    const made = resultOf(await bootstrap(bot, ...toFile(bot)));
    expect(made).toEqual({ identity: "created", backup: "created" });
    const published = await publishedMasterKey(synapse, bot);
    const key = readFileSync(bot.recoveryKeyFile, "utf8");
    expect(await storedMasterKey(homeserver, bot)).toBe(published);
    const again = resultOf(await bootstrap(bot, ...toFile(bot)));
    expect(again).toEqual({ identity: "already signed", backup: "joined" });
    expect(await publishedMasterKey(synapse, bot)).toBe(published);
    expect(readFileSync(bot.recoveryKeyFile, "utf8")).toBe(key);
    expect((await bot.run(["identity", "status"])).code).toBe(0);
  });

  it("gets it from the process that holds the store, and the command keeps the key", async () => {
    const bot = await newBareBot();
    const service = bot.start(["run"]);
    await service.says("running");
    expect(resultOf(await bootstrap(bot, ...toFile(bot)))).toMatchObject({ identity: "created" });
    expect(await storedMasterKey(homeserver, bot)).toBe(await publishedMasterKey(synapse, bot));
    expect((await service.end("SIGTERM")).code).toBe(0);
  });

  it("gets none where the recovery key has no place, or that of something else", async () => {
    const bot = await newBareBot();
    expect(errorOf(await bootstrap(bot))).toMatchObject({ code: "USAGE", exitCode: 2 });
    const foreign = readFileSync((await newBot()).recoveryKeyFile);
    for (const content of ["not a key", foreign]) {
      writeFileSync(bot.recoveryKeyFile, content);
      expect(errorOf(await bootstrap(bot, ...toFile(bot)))).toMatchObject({ code: "FILE_EXISTS" });
      expect(readFileSync(bot.recoveryKeyFile)).toEqual(Buffer.from(content));
    }
    expect(await publishedMasterKey(synapse, bot)).toBeUndefined();
  });
});

describe("a homeserver that wants its owner's approval", () => {
  const url = "https://account.example.org/?action=org.matrix.cross_signing_reset";
  const isUpload = ({ path }: { path: string }) => path.endsWith("/device_signing/upload");
  const asks = {
    status: 401,
    body: { session: "s", flows: [{ stages: ["m.oauth"] }], params: { "m.oauth": { url } } },
  };

  it("has its page shown, is asked until it was given, and then takes the identity", async () => {
    const bot = await newBareBot();
    const approve = proxy.intercept(isUpload, asks);
    const running = bot.start(["identity", "bootstrap", ...toFile(bot)]);
    await running.says(url);
    expect(await publishedMasterKey(synapse, bot)).toBeUndefined();
    approve();
    expect(resultOf(await running.ended)).toMatchObject({ identity: "created" });
  });

  it("is waited for until Ctrl-C; the next run goes on with the same recovery key", async () => {
    const bot = await newBareBot();
    const approve = proxy.intercept(isUpload, asks);
    const running = bot.start(["identity", "bootstrap", ...toFile(bot)]);
    await running.says(url);
    expect(errorOf(await running.end("SIGINT"))).toMatchObject({ code: "INTERRUPTED" });
    expect(await publishedMasterKey(synapse, bot)).toBeUndefined();
    const key = readFileSync(bot.recoveryKeyFile, "utf8");
    approve();
    expect(resultOf(await bootstrap(bot, ...toFile(bot)))).toMatchObject({ identity: "created" });
    expect(readFileSync(bot.recoveryKeyFile, "utf8")).toBe(key);
    expect(await storedMasterKey(homeserver, bot)).toBe(await publishedMasterKey(synapse, bot));
  });
});

describe("an account with an identity", () => {
  it("has a device signed with the recovery key, and with nothing else", async () => {
    const owner = await newBot();
    const identity = await publishedMasterKey(synapse, owner);
    const session = await synapse.login(owner.userId, owner.account.password);
    const next = bareBot({ ...owner.account, ...session }, mkdtempSync(join(folder, "next-")), homeserver);
    for (const flags of [[], toFile(next)])
      expect(errorOf(await bootstrap(next, ...flags))).toMatchObject({ code: "IDENTITY_EXISTS" });
    const key = ["--recovery-key-file", owner.recoveryKeyFile];
    expect(resultOf(await bootstrap(next, ...key))).toEqual({ identity: "joined", backup: "joined" });
    expect((await next.run(["identity", "status"])).code).toBe(0);
    expect(await publishedMasterKey(synapse, owner)).toBe(identity);
  });

  it("that cannot be read, as with padded key IDs, is not replaced", async () => {
    const account = await newAccount();
    const key = randomBytes(32).toString("base64");
    const { userId: user_id, accessToken } = account;
    await synapse.request("POST", "/_matrix/client/v3/keys/device_signing/upload", accessToken, {
      master_key: { user_id, usage: ["master"], keys: { [`ed25519:${key}`]: key } },
    });
    const bot = bareBot(account, folder, homeserver);
    for (const outcome of [await bootstrap(bot, ...toFile(bot)), await bot.run(["identity", "status"])])
      expect(errorOf(outcome)).toMatchObject({ code: "IDENTITY_UNREADABLE", exitCode: 3 });
    expect(await publishedMasterKey(synapse, bot)).toBe(key);
  });

  it("and no key backup wanted by its owner is given none by bootstrap, until somebody asks for one", async () => {
    const account = await newAccount();
    const bot = bareBot(account, folder, homeserver);
    const path = `/_matrix/client/v3/user/${encodeURIComponent(bot.userId)}/account_data/m.key_backup`;
    await synapse.request("PUT", path, account.accessToken, { enabled: false });
    expect(resultOf(await bootstrap(bot, ...toFile(bot)))).toEqual({ identity: "created", backup: "off" });
    const fill = ["recovery", "create", "--recovery-key-file", bot.recoveryKeyFile];
    expect(resultOf(await bot.run(fill))).toMatchObject({ backup: "created" });
    expect(await synapse.request("GET", path, account.accessToken)).toEqual({ enabled: true });
  });
});
