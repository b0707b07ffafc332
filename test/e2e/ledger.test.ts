import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { wasm } from "@matrix-org/matrix-sdk-crypto-nodejs/engine";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type SendResult, Sotto } from "../../src/index.ts";
import type { Why } from "../../src/service/why.ts";
import type { Bot } from "../support/bot.ts";
import { EngineDevice } from "../support/engine-device.ts";
import { record } from "../support/recordings.ts";
import { errorOf, resultOf, sotto } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// Who got which key, when, or why not: a device without one-time keys, from missed to healed.

const { folder, newBot, newListener, newAccount, newDevice, proxy, synapse } = await openWorld();
let bot: Bot;
let alice: Listener;
let tablet: EngineDevice;
let roomId: string;
let voice: string;
let missed: SendResult;
let played: SendResult;

beforeAll(async () => {
  [bot, alice] = await Promise.all([newBot(), newListener()]);
  tablet = await EngineDevice.publish(synapse, await newAccount(), mkdtempSync(join(folder, "tablet-")));
  ({ roomId } = await alice.request("create_room", { invite: [bot.userId, tablet.userId] }));
  await tablet.join(roomId);
  voice = await record("for-the-ledger.ogg", undefined, "-c:a", "libopus");
});

afterAll(() => tablet.close());

const send = async () => resultOf<SendResult>(await bot.run(["send", voice, "--room", roomId]));
const why = async (...args: string[]) => resultOf<Why>(await bot.run(["why", ...args]));
const onTablet = async ({ eventId }: { eventId: string }) =>
  (await why(eventId, "--user", tablet.userId, "--device", tablet.deviceId)).devices[0]!;
const missedAsWhy = () => ({
  eventId: missed.eventId,
  roomId,
  sessionId: missed.sessionId,
  messageIndex: 0,
});
const toTablet = ({ path, body }: { path: string; body: Buffer }): boolean =>
  path.includes("/sendToDevice/m.room.encrypted/") && body.includes(tablet.deviceId);

describe("a device that has no one-time key", () => {
  it("is named by the send, and by `why` in a sentence", async () => {
    missed = await send();
    expect(missed.withheld).toEqual([{ userId: tablet.userId, deviceId: tablet.deviceId, code: "m.no_olm" }]);
    const { sentence, canRead } = await onTablet(missed);
    expect(canRead).toBe(false);
    expect(sentence).toContain("had no one-time key");
    expect(await tablet.whyNot(roomId, missed.eventId)).toMatchObject({
      code: wasm.DecryptionErrorCode.MissingRoomKey,
    });
  });

  it("gets the session from the service as soon as it has one, without a further message", async () => {
    await tablet.uploadKeys({ oneTime: true });
    const handed = proxy.next(toTablet);
    const service = bot.start(["run"]);
    expect((await handed).status).toBe(200);
    expect((await service.end("SIGTERM")).code).toBe(0);
  });

  it("plays what comes after that, and what it missed stays unreadable to it", async () => {
    played = await send();
    expect(played.sessionId).toBe(missed.sessionId);
    expect(played.withheld).toEqual([]);
    expect((await tablet.read(roomId, played.eventId)).content.msgtype).toBe("m.audio");
    expect(await tablet.whyNot(roomId, missed.eventId)).toMatchObject({
      code: wasm.DecryptionErrorCode.UnknownMessageIndex,
    });
    const [before, after] = [await onTablet(missed), await onTablet(played)];
    expect(before).toMatchObject({ canRead: false, outcome: "shared" });
    expect(before.sentence).toMatch(
      /^had no one-time key; has the session from message 1 on .*message 0, stays unreadable/,
    );
    expect(after).toMatchObject({ canRead: true });
    expect(after.sentence).toMatch(/^handed to the server at \d{4}-/);
  });

  it("plays what it missed once that was sent again", async () => {
    const again = resultOf<SendResult>(await bot.run(["queue", "resend", missed.eventId]));
    expect(again.eventId).not.toBe(missed.eventId);
    expect(again.sharedWith).toContainEqual({ userId: tablet.userId, deviceId: tablet.deviceId });
    const { event } = await alice.request("raw_event", { roomId, eventId: again.eventId });
    expect(event.type).toBe("m.room.encrypted");
    const heard = await alice.request("wait_event", { roomId, eventId: missed.eventId, kind: "m.audio" });
    expect((await tablet.read(roomId, again.eventId)).content).toEqual(heard.content);
  });
});

describe("a program", () => {
  it("is told the same, and sends again what somebody has missed", async () => {
    await using program = await Sotto.open(bot.config);
    const only = { userId: tablet.userId, deviceId: tablet.deviceId };
    expect(await program.why(missed.eventId, only)).toEqual({
      ...missedAsWhy(),
      devices: [expect.objectContaining({ ...only, canRead: false, outcome: "shared" })],
    });
    const again = await program.resend(missed.eventId);
    expect(again).toMatchObject({ of: missed.eventId, roomId, sharedWith: expect.arrayContaining([only]) });
    expect((await tablet.read(roomId, again.eventId)).content.msgtype).toBe("m.audio");
    expect((await program.why(again.eventId, only)).devices).toMatchObject([{ canRead: true }]);
    const devices = (await program.why(again.eventId)).devices.map(({ userId }) => userId);
    expect(devices).toEqual(expect.arrayContaining([alice.userId, tablet.userId]));
  });

  it("is refused what this account has not sent, and whom no key was meant for", async () => {
    await using program = await Sotto.open(bot.config);
    const unknown = { code: "EVENT_UNKNOWN", exitCode: 3 };
    await expect(program.why("$nobody-knows-it")).rejects.toMatchObject(unknown);
    await expect(program.resend("$nobody-knows-it")).rejects.toMatchObject(unknown);
    await expect(program.why(missed.eventId, { deviceId: "TOASTER" })).rejects.toMatchObject({
      code: "NOT_IN_LEDGER",
    });
  });
});

describe("why", () => {
  it("never says that something was delivered, and says it in words without --json", async () => {
    const said = await sotto(["why", missed.eventId, "--config", bot.config]);
    expect(said.code).toBe(0);
    expect(said.stdout).toContain(`${alice.userId} ${alice.session.deviceId}: handed to the server at`);
    expect(said.stdout + said.stderr).not.toMatch(/deliver/i);
  });

  it("names the code of a device that nobody has signed", async () => {
    const unsigned = await newDevice(alice.account);
    const { eventId } = await send();
    const { devices } = await why(eventId, "--device", unsigned.session.deviceId);
    expect(devices).toMatchObject([{ canRead: false, outcome: "m.unverified" }]);
    expect(devices[0]!.sentence).toContain("m.unverified (its owner has not signed it");
  });

  it("does not know another's event, nor a device that no key was meant for", async () => {
    const { eventId } = await alice.request("send_text", { roomId, body: "not ours" });
    for (const command of [["why"], ["queue", "resend"]]) {
      const refused = errorOf(await bot.run([...command, eventId]));
      expect(refused).toMatchObject({ code: "EVENT_UNKNOWN", exitCode: 3 });
    }
    const nobody = errorOf(await bot.run(["why", missed.eventId, "--device", "TOASTER"]));
    expect(nobody.code).toBe("NOT_IN_LEDGER");
  });
});

describe("a message that the homeserver does not give back", () => {
  it("is not sent again, and nothing else in its place", async () => {
    const other = encodeURIComponent(missed.eventId);
    const stop = proxy.intercept(({ path }) => path.includes(`/event/${other}`), {
      status: 404,
      body: { errcode: "M_NOT_FOUND", error: "no such event" },
    });
    const before = proxy.requests.length;
    const refused = errorOf(await bot.run(["queue", "resend", missed.eventId]));
    stop();
    expect(refused).toMatchObject({ code: "EVENT_UNAVAILABLE", exitCode: 3 });
    expect(proxy.requests.slice(before).filter(({ path }) => path.includes("/send/"))).toEqual([]);
  });

  it("is not sent again either when another of our messages is given in its place", async () => {
    const { eventId: other } = await send();
    const { event } = await alice.request("raw_event", { roomId, eventId: other });
    const wanted = encodeURIComponent(missed.eventId);
    const stop = proxy.intercept(({ path }) => path.includes(`/event/${wanted}`), {
      status: 200,
      body: { ...event, event_id: missed.eventId },
    });
    const before = proxy.requests.length;
    const refused = errorOf(await bot.run(["queue", "resend", missed.eventId]));
    stop();
    expect(refused).toMatchObject({ code: "EVENT_UNAVAILABLE", exitCode: 3 });
    expect(proxy.requests.slice(before).filter(({ path }) => path.includes("/send/"))).toEqual([]);
  });
});
