import { existsSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { Sotto } from "../../src/index.ts";
import { publishedMasterKey, storedMasterKey } from "../support/account-keys.ts";
import type { Bot } from "../support/bot.ts";
import { isSigned } from "../support/in-process.ts";
import { type KillPoint, killAtChange } from "../support/kill-at-change.ts";
import { record } from "../support/recordings.ts";
import { resetIdentity } from "../support/reset-identity.ts";
import { errorOf, type Outcome, resultOf, startProgram, startSotto } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";

// The one command that replaces an identity: only where a person types the account's name, and never half.

const { newBot, newElement, proxy, synapse } = await openWorld();
const homeserver = proxy.baseUrl;
const RESET = join(import.meta.dirname, "../support/reset-identity.ts");

afterEach(() => proxy.passOnEverything());

/** Runs the reset at a terminal, where a person types this when asked for the account's name. */
async function atTerminal(bot: Bot, out: string, typed: string): Promise<Outcome> {
  const args = ["identity", "reset", "--config", bot.config, "--recovery-key-out", out];
  const password = ["--password-file", bot.secretFile(bot.account.password)];
  const running = startSotto([...args, ...password], { terminal: true });
  await running.says(`Type ${bot.userId} to replace its identity: `);
  running.types(`${typed}\n`);
  return running.ended;
}

describe("identity reset at a terminal", () => {
  it("says who will see what, and does nothing unless the account's name is typed", async () => {
    const bot = await newBot();
    const element = await newElement();
    const { roomId } = await element.request("createRoom", { invite: [bot.userId] });
    const voice = await record("from-the-same-bot.ogg", undefined, "-c:a", "libopus");
    resultOf(await bot.run(["send", voice, "--room", roomId]));
    const before = await publishedMasterKey(synapse, bot);
    const out = join(bot.home, "new-key");

    const refused = await atTerminal(bot, out, "yes");
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("verify it anew");
    expect(refused.stderr).toContain(roomId);
    expect(await publishedMasterKey(synapse, bot)).toBe(before);
    expect(existsSync(out)).toBe(false);

    const done = await atTerminal(bot, out, bot.userId);
    expect(done).toMatchObject({ code: 0 });
    const after = await publishedMasterKey(synapse, bot);
    expect(after).not.toBe(before);
    renameSync(out, bot.recoveryKeyFile);
    expect(await storedMasterKey(homeserver, bot)).toBe(after);
    expect(JSON.parse((await bot.run(["recovery", "status"])).stdout)).toMatchObject({
      complete: true,
      backup: { trust: "our key", sessions: 1, backedUp: 1 },
    });

    // others are told of it, and the device is signed by the new one
    const { eventId } = resultOf<{ eventId: string }>(await bot.run(["send", voice, "--room", roomId]));
    const heard = await element.request("waitEvent", { roomId, eventId });
    expect(heard).toMatchObject({ decrypted: true, shield: { colour: "NONE" } });
    expect(await element.request("userStatus", { userId: bot.userId })).toMatchObject({
      masterKey: after,
      needsApproval: true,
    });
  });
});

describe("identity reset in a program", () => {
  it("is refused for another account's name, and with a wrong password, and the old key opens what it opened", async () => {
    const bot = await newBot();
    const before = await publishedMasterKey(synapse, bot);
    await using sotto = await Sotto.open(bot.config);
    const keeper = { keep: async () => undefined };
    await expect(sotto.identity.reset("@other:example.org", keeper)).rejects.toMatchObject({ code: "USAGE" });
    await expect(sotto.identity.reset(bot.userId, keeper)).rejects.toMatchObject({
      code: "IDENTITY_PROOF_NEEDED",
    });
    await expect(sotto.identity.reset(bot.userId, keeper, { password: "wrong" })).rejects.toMatchObject({
      code: "LOGIN_FAILED",
    });
    expect(await publishedMasterKey(synapse, bot)).toBe(before);
    expect(await storedMasterKey(homeserver, bot)).toBe(before);
  });

  it.each<KillPoint>(["hang before", "hang after"])(
    "killed at each change, %s the homeserver has it: the same call finishes",
    async (point) => {
      const bot = await newBot();
      for (let n = 1; ; n += 1) {
        const old = await publishedMasterKey(synapse, bot);
        const out = join(bot.home, `key-${n}`);
        const killed = await killAtChange(proxy, n, point, () =>
          startProgram(RESET, [bot.config, out, bot.account.password]),
        );
        const between = await publishedMasterKey(synapse, bot);
        // until the new identity is published, the old key opens the old one
        if (between === old) expect(await storedMasterKey(homeserver, bot)).toBe(old);
        if (killed) await resetIdentity(bot.config, out, bot.account.password);
        bot.recoveryKeyFile = out;
        const after = await publishedMasterKey(synapse, bot);
        expect(after).not.toBe(old);
        // one that was published already was not replaced a second time
        if (between !== old) expect(after).toBe(between);
        expect(await storedMasterKey(homeserver, bot)).toBe(after);
        expect(await isSigned(bot)).toBe(true);
        if (killed) continue;
        expect(n).toBeGreaterThan(8);
        return;
      }
    },
    900_000,
  );
});

describe("what is refused stays whole", () => {
  it("the old recovery key opens nothing after a reset", async () => {
    const bot = await newBot();
    const old = readFileSync(bot.recoveryKeyFile, "utf8");
    const out = join(bot.home, "new-key");
    await resetIdentity(bot.config, out, bot.account.password);
    const args = ["recovery", "restore", "--recovery-key-file", bot.secretFile(old)];
    expect(errorOf(await bot.run(args))).toMatchObject({ code: "RECOVERY_KEY_WRONG" });
  });
});
