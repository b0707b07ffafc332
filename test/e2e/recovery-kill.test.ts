import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { recoveryLines } from "../../src/commands/shared/recovery-lines.ts";
import { Sotto } from "../../src/index.ts";
import { bareBot, publishedMasterKey, storedMasterKey } from "../support/account-keys.ts";
import type { Bot } from "../support/bot.ts";
import { isSigned } from "../support/in-process.ts";
import { killAtChange } from "../support/kill-at-change.ts";
import { endAllSotto, type RunningSotto, resultOf } from "../support/sotto.ts";
import { openWorld } from "../support/world.ts";

// kill -9 between any two steps: the same command, run again, finishes, and the recovery key that was written fits.

const { folder, newAccount, newBot, proxy, synapse } = await openWorld();
const homeserver = proxy.baseUrl;

afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

/** Every other change has reached the homeserver: so each gap between two is met from one side. */
const killAt = (n: number, start: () => RunningSotto) =>
  killAtChange(proxy, n, n % 2 === 0 ? "hang before" : "hang after", start);

async function expectWhole(bot: Bot): Promise<void> {
  const published = await publishedMasterKey(synapse, bot);
  expect(published).toBeDefined();
  expect(await storedMasterKey(homeserver, bot)).toBe(published);
  await using sotto = await Sotto.open(bot.config);
  const report = await sotto.recovery.status();
  expect(report).toMatchObject({ storage: { holds: { length: 4 } } });
  expect(recoveryLines(report)).toMatchObject({ complete: true });
  expect(await sotto.identity.status()).toMatchObject({ deviceSigned: true });
}

describe("killed at each change it makes", () => {
  it("identity bootstrap", async () => {
    for (let n = 1; ; n += 1) {
      const bot = bareBot(await newAccount(), folder, homeserver);
      const args = ["identity", "bootstrap", "--recovery-key-out", bot.recoveryKeyFile];
      if (!(await killAt(n, () => bot.start(args)))) {
        expect(n).toBeGreaterThan(8);
        return;
      }
      const seen = existsSync(bot.recoveryKeyFile) && (await publishedMasterKey(synapse, bot));
      resultOf(await bot.run(args));
      await expectWhole(bot);
      // an identity that was there was not replaced
      if (seen) expect(await publishedMasterKey(synapse, bot)).toBe(seen);
    }
  }, 600_000);

  it("recovery create --replace", async () => {
    const bot = await newBot();
    const identity = await publishedMasterKey(synapse, bot);
    for (let n = 1; ; n += 1) {
      const before = await storedMasterKey(homeserver, bot);
      const old = bot.secretFile(readFileSync(bot.recoveryKeyFile, "utf8"));
      rmSync(bot.recoveryKeyFile);
      const args = ["recovery", "create", "--replace", "--out", bot.recoveryKeyFile];
      const killed = await killAt(n, () => bot.start(args));
      // until the new storage is the account's own, the old key opens it
      if (killed) await expectOneOpens(bot, old, before);
      resultOf(await bot.run(args));
      await expectWhole(bot);
      expect(await publishedMasterKey(synapse, bot)).toBe(identity);
      if (!killed) {
        expect(n).toBeGreaterThan(8);
        return;
      }
    }
  }, 600_000);

  it("recovery restore on a new device", async () => {
    const bot = await newBot();
    const identity = await publishedMasterKey(synapse, bot);
    for (let n = 1; ; n += 1) {
      const session = await synapse.login(bot.account.userId, bot.account.password);
      const next = bareBot({ ...bot.account, ...session }, mkdtempSync(join(folder, "next-")), homeserver);
      const args = ["recovery", "restore", "--recovery-key-file", bot.recoveryKeyFile];
      const killed = await killAt(n, () => next.start(args));
      resultOf(await next.run(args));
      expect(await isSigned(next)).toBe(true);
      expect(await publishedMasterKey(synapse, next)).toBe(identity);
      if (!killed) {
        expect(n).toBeGreaterThan(1);
        return;
      }
    }
  }, 600_000);
});

async function expectOneOpens(bot: Bot, oldKeyFile: string, master: string): Promise<void> {
  const keys = [oldKeyFile, ...(existsSync(bot.recoveryKeyFile) ? [bot.recoveryKeyFile] : [])];
  const opened = await Promise.all(
    keys.map(async (file) =>
      storedMasterKey(homeserver, bot, { recoveryKey: readFileSync(file, "utf8") }).catch(() => undefined),
    ),
  );
  expect(opened).toContain(master);
}
