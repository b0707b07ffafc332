import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createLogger, Sotto, type VoiceMessage } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { offered, until } from "../support/verification.ts";
import { type ElementUser, openWorld } from "../support/world.ts";

// A program that verifies people who have Element, and is verified by them, in a room.

const { newAccount, newBot, newElement, proxy } = await openWorld();
const log: string[] = [];
const logger = createLogger({ level: "info", json: true, write: (line) => log.push(line) });
let bot: Bot;
let sotto: Sotto;
let person: ElementUser;
let stranger: ElementUser;
let voice: string;

beforeAll(async () => {
  [bot, person, stranger] = await Promise.all([newBot(), newElement(), newElement()]);
  bot.configure({ trust: { verifyFrom: [person.userId] } });
  voice = await record("from-one-who-was-verified.ogg", undefined, "-c:a", "libopus");
  sotto = await Sotto.open(bot.config, { logger });
});
afterAll(() => sotto?.close());

async function roomWith({ request }: ElementUser): Promise<string> {
  const { roomId } = await request("createRoom", { invite: [bot.userId], direct: true });
  await sotto.account.rooms.join(roomId);
  await sotto.account.sync.toLiveEnd();
  return roomId;
}
const isVerified = async (userId: string) =>
  (await sotto.account.crypto.keysOf(userId)).identity?.verified === true;
const masterKey = async (userId: string) =>
  Buffer.from((await sotto.account.crypto.keysOf(userId)).identity!.masterKey, "base64");
const isVerifiedBy = async ({ request }: ElementUser) =>
  (await request("userStatus", { userId: bot.userId })).verified;

/** A verification that the person has asked for and the program has accepted. */
async function ready(method: "emoji" | "show" | "scan" = "emoji") {
  const offer = offered(sotto);
  const roomId = await roomWith(person);
  const which = await person.request("requestVerification", { userId: bot.userId, roomId });
  const verification = await offer;
  await verification.accept(method);
  await person.request("waitVerification", { ...which, phase: "ready" });
  return { verification, which };
}

describe("before anybody has confirmed anything", () => {
  it("a request of a user whom the config does not name is left alone and reported", async () => {
    let isOffered = false;
    const end = sotto.verification.onRequest(() => {
      isOffered = true;
    });
    const roomId = await roomWith(stranger);
    const which = await stranger.request("requestVerification", { userId: bot.userId, roomId });
    await expect.poll(() => log.some((line) => line.includes("trust.verifyFrom does not name"))).toBe(true);
    end();
    expect(isOffered).toBe(false);
    expect(() => sotto.verification.waitingFrom(stranger.userId)).toThrow("is not named");
    expect(await stranger.request("verification", which)).toMatchObject({ phase: "requested" });
    await stranger.request("cancelVerification", which);
  });

  it("a user without an identity, and a user who does not exist, are refused before a room is made", async () => {
    const unsigned = await newElement({ signed: false, account: await newAccount() });
    const refusal = (userId: string) => sotto.verification.request(userId).catch((thrown) => thrown.code);
    const rooms = await sotto.account.rooms.joinedRooms();
    expect(await refusal(unsigned.userId)).toBe("IDENTITY_MISSING");
    expect(await refusal(`@nobody:${person.userId.split(":")[1]}`)).toBe("USER_UNKNOWN");
    expect(await sotto.account.rooms.joinedRooms()).toEqual(rooms);
  });

  it("emoji that differ: the other side hears m.mismatched_sas, and nobody is verified", async () => {
    const { verification, which } = await ready();
    await verification.startSas();
    await person.request("showSas", which);
    await until(verification, "comparing");
    await verification.mismatch();
    const end = await person.request("waitVerification", { ...which, phase: "cancelled" });
    expect(end).toMatchObject({ cancellationCode: "m.mismatched_sas", cancelledBy: bot.userId });
    await expect(verification.confirm()).rejects.toMatchObject({ code: "VERIFICATION_MISMATCH" });
    expect([await isVerified(person.userId), await isVerifiedBy(person)]).toEqual([false, false]);
  });

  it("the other side says that they differ", async () => {
    const { verification, which } = await ready();
    await verification.startSas();
    await person.request("showSas", which);
    await until(verification, "comparing");
    await person.request("mismatchSas", which);
    await expect(until(verification, "done")).rejects.toThrow("m.mismatched_sas");
    await expect(verification.confirm()).rejects.toMatchObject({ code: "VERIFICATION_MISMATCH" });
    expect(await isVerified(person.userId)).toBe(false);
  });

  it("the other side cancels", async () => {
    const { verification, which } = await ready();
    await person.request("cancelVerification", which);
    await expect(until(verification, "comparing")).rejects.toThrow("m.user");
    expect(verification.state.cancelled).toMatchObject({ code: "m.user", byUs: false });
    await expect(verification.startSas()).rejects.toMatchObject({ code: "VERIFICATION_CANCELLED" });
  });

  it("the program cancels", async () => {
    const { verification, which } = await ready();
    await verification.cancel();
    const end = await person.request("waitVerification", { ...which, phase: "cancelled" });
    expect(end).toMatchObject({ cancellationCode: "m.user", cancelledBy: bot.userId });
  });

  it("a code of another verification is refused", async () => {
    const { verification, which } = await ready("scan");
    const { bytes } = await person.request("showQr", which);
    const other = Buffer.from(bytes, "base64");
    other[20]! ^= 1; // inside the event ID
    await expect(verification.scan(other)).rejects.toMatchObject({ code: "VERIFICATION_MISMATCH" });
    const end = await person.request("waitVerification", { ...which, phase: "cancelled" });
    expect(end).toMatchObject({ cancellationCode: "m.key_mismatch", cancelledBy: bot.userId });
    expect(await isVerified(person.userId)).toBe(false);
  });

  it("a code with another master key in it is refused", async () => {
    const { verification, which } = await ready("scan");
    const code = Buffer.from((await person.request("showQr", which)).bytes, "base64");
    const [ours, another] = await Promise.all([masterKey(bot.userId), masterKey(stranger.userId)]);
    const other = Buffer.concat([
      code.subarray(0, code.indexOf(ours)),
      another,
      code.subarray(code.indexOf(ours) + 32),
    ]);
    expect(other).toHaveLength(code.length);
    await expect(verification.scan(other)).rejects.toMatchObject({ code: "VERIFICATION_MISMATCH" });
    expect(await isVerified(person.userId)).toBe(false);
  });
});

describe("by emoji, asked for by the person", () => {
  it("shows the same on both sides, verifies both, and what they send then is of a verified sender", async () => {
    const { verification, which } = await ready();
    await person.request("startSas", which);
    const shown = await person.request("showSas", which);
    const { emoji, decimals } = await until(verification, "comparing");
    expect(emoji?.map(({ symbol, description }) => [symbol, description])).toEqual(shown.emoji);
    expect(decimals).toEqual(shown.decimal);
    await person.request("confirmSas", which);
    expect(await isVerified(person.userId)).toBe(false);
    await verification.confirm();
    await until(verification, "done");
    await person.request("waitVerification", { ...which, phase: "done" });
    expect([await isVerified(person.userId), await isVerifiedBy(person)]).toEqual([true, true]);

    const arriving = new Promise<VoiceMessage>((resolve) => void sotto.onVoice(resolve));
    await person.request("sendVoice", { roomId: verification.state.roomId!, file: voice, durationMs: 1500 });
    expect(await arriving).toMatchObject({ sender: person.userId, trust: "verified" });
  });
});

describe("asked for by the program", () => {
  it("by emoji, in the direct room that is made for it", async () => {
    const verification = await sotto.verification.request(stranger.userId);
    const { roomId } = verification.state;
    await stranger.request("waitInvite", { roomId: roomId! });
    await stranger.request("join", { roomId: roomId! });
    const which = await stranger.request("waitVerificationRequest", { userId: bot.userId });
    await stranger.request("acceptVerification", which);
    await until(verification, "ready");
    // both begin at once, as impatient people do
    await Promise.all([verification.startSas(), stranger.request("startSas", which).catch(() => undefined)]);
    await stranger.request("showSas", which);
    await until(verification, "comparing");
    await Promise.all([verification.confirm(), stranger.request("confirmSas", which)]);
    await until(verification, "done");
    expect(await isVerified(stranger.userId)).toBe(true);
  });

  it("by a QR code that the person scans", async () => {
    const other = await newElement();
    const roomId = await roomWith(other);
    const verification = await sotto.account.crypto.verifications.request(other.userId, roomId, "show");
    const which = await other.request("waitVerificationRequest", { userId: bot.userId });
    await other.request("acceptVerification", which);
    await until(verification, "ready");
    const { bytes } = await verification.showQr();
    await other.request("scanQr", { ...which, bytes: Buffer.from(bytes).toString("base64") });
    await until(verification, "scanned");
    expect(await isVerified(other.userId)).toBe(false);
    await verification.confirm();
    await until(verification, "done");
    expect([await isVerified(other.userId), await isVerifiedBy(other)]).toEqual([true, true]);
  });
});

describe("what has left this program", () => {
  it("was encrypted, every event of a room", () => {
    const paths = proxy.requests.filter(({ method }) => method === "PUT").map(({ path }) => path);
    const events = paths.filter((path) => path.includes("/send/"));
    expect(events.length).toBeGreaterThan(0);
    expect(events.filter((path) => !path.includes("/send/m.room.encrypted/"))).toEqual([]);
  });
});

describe("whom the policy leaves out", () => {
  it("a program that shares with verified users only can verify its first, and again when they have changed", async () => {
    const strict = await newBot();
    strict.configure({ trust: { shareWith: "verified" } });
    const other = await newElement();
    await using sotto = await Sotto.open(strict.config);
    const { roomId } = await other.request("createRoom", { invite: [strict.userId], direct: true });
    await sotto.account.rooms.join(roomId);
    await sotto.account.sync.toLiveEnd();

    const { request, session } = other;
    const deliveredTo = async () =>
      (await sotto.sendVoice(roomId, { path: voice })).sharedWith.map(({ deviceId }) => deviceId);
    expect(await deliveredTo()).not.toContain(session.deviceId);
    await verifies(sotto, strict.userId, other, roomId);
    expect(await deliveredTo()).toContain(session.deviceId);

    await request("bootstrapCrossSigning", { reset: true });
    // to them, we are somebody whom they had verified, and whose messages their client therefore hides now
    await request("withdrawVerification", { userId: strict.userId });
    await expect.poll(() => deliveredTo().catch((thrown) => thrown.code)).toBe("IDENTITY_CHANGED");
    await verifies(sotto, strict.userId, other, roomId);
    expect(await deliveredTo()).toContain(session.deviceId);
  });

  async function verifies(sotto: Sotto, userId: string, other: ElementUser, roomId: string) {
    const verification = await sotto.account.crypto.verifications.request(other.userId, roomId);
    sotto.account.sync.run().catch(() => undefined);
    const which = await other.request("waitVerificationRequest", { userId });
    await other.request("acceptVerification", which);
    await until(verification, "ready");
    await verification.startSas();
    await other.request("showSas", which);
    await until(verification, "comparing");
    await Promise.all([verification.confirm(), other.request("confirmSas", which)]);
    await until(verification, "done");
  }
});
