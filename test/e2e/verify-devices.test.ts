import { beforeAll, describe, expect, it } from "vitest";
import { Sotto } from "../../src/index.ts";
import type { DevicesResult } from "../../src/service/devices.ts";
import type { Bot } from "../support/bot.ts";
import { errorOf, resultOf, sotto as run } from "../support/sotto.ts";
import { offered, until } from "../support/verification.ts";
import { type ElementUser, openWorld } from "../support/world.ts";
import { signListener } from "../witness/sign-listener.ts";

// Fingerprints, lists of devices, and the account's own other devices.

const { newAccount, newBot, newElement, newListener, synapse } = await openWorld();
let bot: Bot;
let person: ElementUser;

beforeAll(async () => {
  [bot, person] = await Promise.all([newBot(), newElement()]);
  bot.configure({ trust: { verifyFrom: [bot.userId] } });
});

const devices = async (userId = bot.userId) => resultOf<DevicesResult>(await bot.run(["devices", userId]));
const verify = (userId: string, key: string, ...flags: string[]) =>
  bot.run(["verify", userId, "--fingerprint", key, ...flags]);
const groups = (key: string) => key.match(/.{1,4}/g)!.join(" ");

describe("sotto devices", () => {
  it("shows our own: this device, signed by an identity that is verified", async () => {
    const { userId, identity, devices: list, ownDeviceId } = await devices();
    expect([userId, ownDeviceId]).toEqual([bot.userId, bot.deviceId]);
    expect(identity).toMatchObject({ verified: true, changed: false });
    expect(list).toMatchObject([
      { deviceId: bot.deviceId, signedByOwner: true, verified: true, dehydrated: false },
    ]);
    expect(list[0]!.firstSeenMs).toBeGreaterThan(0);
  });

  it("shows a person's keys as their own client does, in groups of four", async () => {
    const { masterKey } = await person.request("crossSigningStatus");
    const { ed25519, deviceId } = person.session;
    const { identity, devices: list } = await devices(person.userId);
    expect(identity).toEqual({ masterKey, verified: false, changed: false });
    expect(list).toMatchObject([
      { deviceId, ed25519, signedByOwner: true, verified: false, locallyTrusted: false },
    ]);
    const { stdout } = await run(["devices", person.userId, "--config", bot.config]);
    for (const text of [groups(masterKey!), groups(ed25519), "not verified", "signed by its owner"]) {
      expect(stdout).toContain(text);
    }
  });

  it("of a user who does not exist", async () => {
    const outcome = await bot.run(["devices", `@nobody:${person.userId.split(":")[1]}`]);
    expect(errorOf(outcome)).toMatchObject({ code: "USER_UNKNOWN", exitCode: 3 });
    expect(errorOf(await bot.run(["devices", "nobody"]))).toMatchObject({ code: "USAGE", exitCode: 2 });
  });
});

describe("a fingerprint", () => {
  it("of neither the identity nor a device is refused, and both are shown", async () => {
    const { identity } = await devices(person.userId);
    const key = `${"B".repeat(42)}A`;
    const error = errorOf(await verify(person.userId, key));
    expect(error).toMatchObject({ code: "FINGERPRINT_MISMATCH", exitCode: 1 });
    expect(error.message).toContain(groups(key));
    expect(error.message).toContain(groups(identity!.masterKey));
    expect(await devices(person.userId)).toMatchObject({
      identity: { verified: false },
      devices: [{ locallyTrusted: false }],
    });
  });

  it("of another user's identity is refused", async () => {
    const { identity } = await devices();
    const error = errorOf(await verify(person.userId, identity!.masterKey));
    expect(error).toMatchObject({ code: "FINGERPRINT_MISMATCH", exitCode: 1 });
  });

  it("of a device: local trust on that device alone, and it says so", async () => {
    const { ed25519, deviceId } = person.session;
    const outcome = await run([
      "verify",
      person.userId,
      "--fingerprint",
      groups(ed25519),
      "--config",
      bot.config,
    ]);
    expect(outcome.code).toBe(0);
    expect(outcome.stdout).toContain("is not verified");
    expect(outcome.stderr).toContain("false master key");
    expect(await devices(person.userId)).toMatchObject({
      identity: { verified: false },
      devices: [{ deviceId, locallyTrusted: true, verified: false }],
    });
  });

  it("of the master key, when a device is named, is refused: it is not that device's", async () => {
    const { identity } = await devices(person.userId);
    const named = ["--device", person.session.deviceId];
    const error = errorOf(await verify(person.userId, identity!.masterKey, ...named));
    expect(error).toMatchObject({ code: "FINGERPRINT_MISMATCH", exitCode: 1 });
  });

  it("of the master key: the identity is verified, signed for all our devices", async () => {
    const { identity } = await devices(person.userId);
    const result = resultOf(await verify(person.userId, groups(identity!.masterKey)));
    expect(result).toMatchObject({ userId: person.userId, verified: "identity", method: "fingerprint" });
    expect(await devices(person.userId)).toMatchObject({
      identity: { verified: true },
      devices: [{ verified: true }],
    });
    const query = { device_keys: { [person.userId]: [] } };
    const answer = await synapse.request("POST", "/_matrix/client/v3/keys/query", bot.accessToken, query);
    const { master_keys } = answer as { master_keys: Record<string, { signatures: object }> };
    expect(Object.keys(master_keys[person.userId]!.signatures)).toContain(bot.userId);
  });

  it("of an identity that was exchanged since: refused until the new one is compared", async () => {
    const listener = await newListener();
    const before = (await devices(listener.userId)).identity!.masterKey;
    resultOf(await verify(listener.userId, before));
    const { password } = listener.account;
    await signListener({ baseUrl: synapse.baseUrl, ...listener.session, password });
    expect((await devices(listener.userId)).identity).toMatchObject({ verified: false, changed: true });
    expect(errorOf(await verify(listener.userId, before))).toMatchObject({ code: "FINGERPRINT_MISMATCH" });
    const { masterKey } = (await devices(listener.userId)).identity!;
    resultOf(await verify(listener.userId, masterKey));
    expect((await devices(listener.userId)).identity).toMatchObject({ verified: true, changed: false });
  });

  it("of a user without an identity verifies no more than the device", async () => {
    const unsigned = await newElement({ signed: false, account: await newAccount() });
    const { ed25519, deviceId } = unsigned.session;
    const result = resultOf(await verify(unsigned.userId, ed25519));
    expect(result).toMatchObject({ verified: "device", deviceId });
    expect((await devices(unsigned.userId)).identity).toBeUndefined();
  });
});

describe("another device of the account", () => {
  it("by emoji, asked for here: it is signed", async () => {
    await using sotto = await Sotto.open(bot.config);
    const element = await newElement({ account: bot.account });
    const { deviceId } = element.session;
    const unknown = sotto.verification.request(bot.userId, "NOSUCH");
    await expect(unknown).rejects.toMatchObject({ code: "DEVICE_UNKNOWN" });
    const verification = await sotto.verification.request(bot.userId, deviceId);
    const which = await element.request("waitVerificationRequest", {});
    await element.request("acceptVerification", which);
    await until(verification, "ready");
    await verification.startSas();
    await element.request("showSas", which);
    await until(verification, "comparing");
    await Promise.all([verification.confirm(), element.request("confirmSas", which)]);
    await until(verification, "done");
    const { devices: list } = await sotto.account.crypto.keysOf(bot.userId);
    expect(list.find((device) => device.deviceId === deviceId)).toMatchObject({ signedByOwner: true });
  });

  it("asked for there, from a device that this store has never seen, by QR code", async () => {
    await using sotto = await Sotto.open(bot.config);
    const offer = offered(sotto);
    const element = await newElement({ account: bot.account });
    const { deviceId } = element.session;
    await element.request("waitDevice", { userId: bot.userId, deviceId: bot.deviceId });
    const which = await element.request("requestVerification", { deviceId: bot.deviceId });
    const verification = await offer;
    expect(verification.state).toMatchObject({ userId: bot.userId, deviceId, roomId: undefined });
    await verification.accept("show");
    await until(verification, "ready");
    const { bytes } = await verification.showQr();
    await element.request("scanQr", { ...which, bytes: Buffer.from(bytes).toString("base64") });
    await until(verification, "scanned");
    await verification.confirm();
    await until(verification, "done");
    const { devices: list } = await sotto.account.crypto.keysOf(bot.userId);
    expect(list.find((device) => device.deviceId === deviceId)).toMatchObject({ signedByOwner: true });
  });
});
