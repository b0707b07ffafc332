import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { errorOf, resultOf, sotto } from "../support/sotto.ts";
import { type ElementUser, openWorld } from "../support/world.ts";

// One account, Sotto and Element on it: the secret storage that one of them makes opens for the other, and both
// devices belong to one identity.

const { folder, newBot, newElement, proxy } = await openWorld();
let listener: ElementUser;
let voice: string;

beforeAll(async () => {
  listener = await newElement();
  voice = await record("from-both-devices.ogg", undefined, "-c:a", "libopus");
});

const SECRETS = ["master", "self_signing", "user_signing"].map((name) => `m.cross_signing.${name}`);

/** The listener, who has verified nobody, hears a message from this device without a shield. */
async function expectHeard(bot: Bot): Promise<SendResult> {
  const { roomId } = await listener.request("createRoom", { invite: [bot.userId] });
  const result = resultOf<SendResult>(await bot.run(["send", voice, "--room", roomId]));
  const heard = await listener.request("waitEvent", { roomId, eventId: result.eventId });
  expect(heard.shield).toEqual({ colour: "NONE", reason: null });
  return result;
}

describe("the secret storage that `sotto init` makes", () => {
  let bot: Bot;
  let element: ElementUser;
  beforeAll(async () => {
    bot = await newBot();
    element = await newElement({ account: bot.account });
  });

  it("opens in Element with the recovery key, and with no other", async () => {
    const other = readFileSync((await newBot()).recoveryKeyFile, "utf8").trim();
    await expect(element.request("unlock", { recoveryKey: other })).rejects.toThrow("does not open");
    const recoveryKey = readFileSync(bot.recoveryKeyFile, "utf8").trim();
    await element.request("unlock", { recoveryKey });
    for (const name of SECRETS) {
      const { secret } = await element.request("secret", { name });
      expect(Buffer.from(secret!, "base64")).toHaveLength(32);
    }
  });

  it("gives Element's device the bot's identity, and each device trusts the other", async () => {
    const { userId } = bot;
    const { deviceId } = element.session;
    const before = await listener.request("devices", { userId });
    expect(before.find((device) => device.deviceId === deviceId)).toMatchObject({ signedByOwner: false });
    const { masterKey } = await element.request("userStatus", { userId });
    const status = await element.request("bootstrapCrossSigning", {});
    expect(status).toMatchObject({ ready: true, privateKeysInSecretStorage: true, masterKey });
    await element.request("waitDevice", { userId, deviceId, signed: true });
    const own = await element.request("devices", { userId });
    expect(own.find((device) => device.deviceId === bot.deviceId)).toMatchObject({ verified: true });

    const { sharedWith, roomId, eventId } = await expectHeard(bot);
    expect(sharedWith).toContainEqual({ userId, deviceId });
    const heard = await element.request("waitEvent", { roomId, eventId });
    expect(heard).toMatchObject({ decrypted: true, shield: { colour: "NONE" } });
  });

  it("is complete in Element's eyes", async () => {
    expect(await element.request("secretStorageStatus")).toMatchObject({
      ready: true,
      secretStorageKeyValidityMap: Object.fromEntries(SECRETS.map((name) => [name, true])),
    });
  });
});

describe("the secret storage that Element makes, with a passphrase and a backup", () => {
  it("opens for `sotto init --recovery-key-file`: a device of the same identity, which Element trusts", async () => {
    const element = await newElement();
    const { userId } = element;
    const { recoveryKey } = await element.request("createRecovery", { passphrase: "correct horse" });
    const { masterKey } = await element.request("crossSigningStatus");

    const home = join(folder, "joins-an-identity");
    mkdirSync(home);
    const bot = new Bot(element.account, home);
    const homeserver = proxy.baseUrl;
    const wrong = (await newElement().then((other) => other.request("createRecovery", {}))).recoveryKey;
    const refused = bot.initArguments({ homeserver, recoveryKeyFile: bot.secretFile(wrong) });
    expect(errorOf(await sotto(refused))).toMatchObject({ code: "RECOVERY_KEY_WRONG" });
    await bot.init({ homeserver, recoveryKeyFile: bot.secretFile(recoveryKey) });

    const { deviceId } = bot;
    const device = await element.request("waitDevice", { userId, deviceId, signed: true });
    expect(device).toMatchObject({ verified: true });
    await expectHeard(bot);
    expect(await listener.request("userStatus", { userId })).toMatchObject({
      masterKey,
      needsApproval: false,
    });
    expect(await element.request("secretStorageStatus")).toMatchObject({ ready: true });
    expect(await element.request("backupStatus")).toMatchObject({ active: true, trusted: true });
  });
});
