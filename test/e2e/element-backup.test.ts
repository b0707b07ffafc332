import { mkdtempSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { type ElementUser, openWorld } from "../support/world.ts";

// One account, Sotto and Element on it: what one of them has put into the key backup, the other plays.

const { folder, newBot, newElement, proxy } = await openWorld();
const homeserver = proxy.baseUrl;
let listener: ElementUser;
let voice: string;

beforeAll(async () => {
  listener = await newElement();
  voice = await record("from-the-backup.ogg", undefined, "-c:a", "libopus");
});

interface Report {
  complete: boolean;
  backup: { version: string; trust: string; uploading: boolean; keyHere: boolean };
}
const reportOf = async (bot: Bot) => JSON.parse((await bot.run(["recovery", "status"])).stdout) as Report;

async function sendTo(bot: Bot): Promise<{ roomId: string; eventId: string }> {
  const { roomId } = await listener.request("createRoom", { invite: [bot.userId] });
  return resultOf(await bot.run(["send", voice, "--room", roomId]));
}

describe("the backup that Sotto makes", () => {
  let bot: Bot;
  let sent: { roomId: string; eventId: string };
  const passphrase = "correct horse battery staple";

  beforeAll(async () => {
    bot = await newBot();
    sent = await sendTo(bot);
    const out = join(bot.home, "with-passphrase");
    const made = ["recovery", "create", "--replace", "--out", out];
    resultOf(await bot.run([...made, "--passphrase-file", bot.secretFile(passphrase)]));
    bot.recoveryKeyFile = out;
  });

  it.each(["passphrase", "recoveryKey"] as const)(
    "opens in Element with the %s, is trusted, and gives back what was sent before",
    async (kind) => {
      const element = await newElement({ account: bot.account });
      await expect(element.request("unlock", { passphrase: "correct horse" })).rejects.toThrow(
        "does not open",
      );
      const recoveryKey = readFileSync(bot.recoveryKeyFile, "utf8").trim();
      await element.request("unlock", kind === "passphrase" ? { passphrase } : { recoveryKey });
      await element.request("bootstrapCrossSigning", {});
      const status = await element.request("loadBackupKey");
      expect(status).toMatchObject({ trusted: true, matchesDecryptionKey: true, keyOnDevice: true });
      expect(await element.request("secretStorageStatus")).toMatchObject({ ready: true });
      const { total, imported } = await element.request("restoreBackup");
      expect(imported).toBe(total);
      expect(total).toBeGreaterThan(0);
      const heard = await element.request("waitEvent", sent);
      expect(heard).toMatchObject({ decrypted: true, shield: { reason: "AUTHENTICITY_NOT_GUARANTEED" } });
    },
  );
});

describe("the backup that Element makes", () => {
  const passphrase = "a passphrase of Element";
  let element: ElementUser;
  let recoveryKey: string;
  let bot: Bot;

  beforeAll(async () => {
    element = await newElement();
    ({ recoveryKey } = await element.request("createRecovery", { passphrase }));
    const { roomId } = await element.request("createRoom", { invite: [listener.userId] });
    await element.request("sendVoice", { roomId, file: voice, durationMs: 1500 });
    await element.request("waitBackup", { count: 1 });
    bot = new Bot(element.account, mkdtempSync(join(folder, "joins-")));
  });

  it("opens for `init` with the passphrase, and not with another", async () => {
    const args = bot.initArguments({ homeserver });
    const withPassphrase = (text: string) => {
      const at = args.indexOf("--recovery-key-out");
      return args.toSpliced(at, 2, "--passphrase-file", bot.secretFile(text));
    };
    const { sotto } = await import("../support/sotto.ts");
    expect(errorOf(await sotto(withPassphrase("another")))).toMatchObject({ code: "RECOVERY_KEY_WRONG" });
    const made = resultOf<{ deviceId: string }>(await sotto(withPassphrase(passphrase)));
    expect(made).toMatchObject({ identity: "joined", backup: "joined" });
    bot.deviceId = made.deviceId;
    expect(await reportOf(bot)).toMatchObject({ complete: true, backup: { trust: "our key" } });
  });

  it.each(["--passphrase-file", "--recovery-key-file"])("is restored with %s", async (flag) => {
    const secret = bot.secretFile(flag === "--passphrase-file" ? passphrase : recoveryKey);
    const restored = resultOf<{ total: number; damaged: number }>(
      await bot.run(["recovery", "restore", flag, secret]),
    );
    expect(restored).toMatchObject({ damaged: 0 });
    expect(restored.total).toBeGreaterThan(0);
  });

  it("is still Element's own, and takes what Sotto sends", async () => {
    const before = await element.request("backupStatus");
    expect(before).toMatchObject({ active: true, trusted: true, matchesDecryptionKey: true });
    await sendTo(bot);
    await element.request("waitBackup", { count: before.count + 1 });
  });

  it("in a new version: Sotto goes on with it because the identity has signed it, and has its key with the recovery key", async () => {
    const { version } = (await reportOf(bot)).backup;
    await element.request("resetBackup");
    const service = bot.start(["run"]);
    await sendTo(bot);
    await service.says("the key backup has changed");
    const report = await reportOf(bot);
    expect(report.backup.version).not.toBe(version);
    expect(report).toMatchObject({
      backup: { trust: "signed", uploading: true, keyHere: false },
    });
    const secret = bot.secretFile(recoveryKey);
    resultOf(await bot.run(["recovery", "restore", "--recovery-key-file", secret]));
    expect(await reportOf(bot)).toMatchObject({
      complete: true,
      backup: { trust: "our key", keyHere: true },
    });
    expect((await service.end("SIGTERM")).code).toBe(0);
  });
});
