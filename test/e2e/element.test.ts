import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { decryptedBy } from "../support/in-process.ts";
import { examine, isOggOpus, keep, record } from "../support/recordings.ts";
import { isToDevice } from "../support/room-events.ts";
import { linesOf, resultOf } from "../support/sotto.ts";
import { type ElementUser, openWorld } from "../support/world.ts";

// What a person with Element sees of a bot that `sotto init` has just made, and what the bot hears of them. The
// witness is in its strictest mode, "exclude insecure devices", and has verified nobody.

const { folder, newBot, newElement, proxy } = await openWorld();
let bot: Bot;
let alice: ElementUser;
let roomId: string;
let voice: string;

beforeAll(async () => {
  [bot, alice] = await Promise.all([newBot({ config: { rotation: { maxMessages: 2 } } }), newElement()]);
  ({ roomId } = await alice.request("createRoom", { invite: [bot.userId] }));
  voice = await record("for-those-with-element.ogg", undefined, "-c:a", "libopus");
});

const send = async () => resultOf<SendResult>(await bot.run(["send", voice, "--room", roomId]));

async function hears(listener: ElementUser, { eventId, size, durationMs }: SendResult) {
  const out = join(folder, `heard-${eventId.slice(1, 9)}.ogg`);
  const heard = await listener.request("receiveVoice", { roomId, eventId, out });
  expect(heard).toMatchObject({ decrypted: true, sender: bot.userId, size });
  expect(await isOggOpus(heard.file)).toBe(true);
  const played = await examine(heard.file);
  expect(Math.abs(played.durationMs - durationMs)).toBeLessThanOrEqual(20);
  return heard;
}

describe("a bot that nobody has verified yet", () => {
  it("is heard, before and after a rotation, by each new process: no shield, the bytes that were sent", async () => {
    const sessions: string[] = [];
    for (let sent = 0; sent < 3; sent += 1) {
      const result = await send();
      const heard = await hears(alice, result);
      // NONE is what Element draws nothing for: a cross-signed device, though its owner is not verified
      expect(heard.shield).toEqual({ colour: "NONE", reason: null });
      expect(heard.content).toMatchObject({ msgtype: "m.audio", info: { duration: result.durationMs } });
      sessions.push(heard.sessionId!);
      await keep(`for-element-${sent}.ogg`, heard.file);
    }
    const [first, second, third] = sessions;
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });

  it("is known, not verified, and its one device is signed", async () => {
    const status = await alice.request("userStatus", { userId: bot.userId });
    expect(status).toMatchObject({ known: true, verified: false, needsApproval: false });
    const devices = await alice.request("devices", { userId: bot.userId });
    expect(devices).toMatchObject([{ deviceId: bot.deviceId, signedByOwner: true, verified: false }]);
  });
});

describe("what a person sends with Element", () => {
  it("is received with trust `signed`: a voice message, its bytes as they were recorded", async () => {
    const { eventId } = await alice.request("sendVoice", { roomId, file: voice, durationMs: 1500 });
    const args = ["receive", "--out", join(folder, "in"), "--count", "1", "--timeout", "30"];
    const [received] = linesOf<{ file: string }>(await bot.run(args));
    const { userId: sender, deviceId: senderDeviceId } = alice.session;
    expect(received).toMatchObject({ eventId, sender, senderDeviceId, trust: "signed", durationMs: 1500 });
    expect(await readFile(received!.file)).toEqual(await readFile(voice));
  });

  it("is received with trust `signed`: text", async () => {
    const { eventId } = await alice.request("sendText", { roomId, body: "not spoken" });
    const content = { msgtype: "m.text", body: "not spoken" };
    expect(await decryptedBy(bot, roomId, eventId)).toMatchObject({ trust: "signed", content });
  });
});

describe("a device that its owner has not signed", () => {
  it("gets no key, is told so, and is not listened to", async () => {
    const laptop = await newElement({ account: alice.account, isolation: "all" });
    const { userId, deviceId } = laptop.session;
    const requests = proxy.requests.length;
    const result = await send();
    expect(result.withheld).toEqual([{ userId, deviceId, code: "m.unverified" }]);
    await hears(alice, result);

    const { eventId, sessionId } = result;
    const failure = "MEGOLM_KEY_WITHHELD_FOR_UNVERIFIED_DEVICE";
    await laptop.request("waitEvent", { roomId, eventId, failure });
    const content = { room_id: roomId, session_id: sessionId };
    const withheld = await laptop.request("waitToDevice", { type: "m.room_key.withheld", content });
    expect(withheld).toMatchObject({ sender: bot.userId, content: { code: "m.unverified" } });
    const toLaptop = proxy.requests
      .slice(requests)
      .filter((request) => isToDevice(request) && request.body.includes(`"${deviceId}"`));
    expect(toLaptop.map(({ path }) => path)).toEqual([expect.stringContaining("/m.room_key.withheld/")]);

    const said = await laptop.request("sendVoice", { roomId, file: voice, durationMs: 1500 });
    // a good one after it: by then the other has been dealt with
    const good = await alice.request("sendVoice", { roomId, file: voice, durationMs: 1500 });
    const args = ["receive", "--out", join(folder, "refused"), "--count", "1", "--timeout", "30"];
    const outcome = await bot.run(args);
    expect(linesOf<{ eventId: string }>(outcome).map((line) => line.eventId)).toEqual([good.eventId]);
    expect(outcome.stderr).toContain("SENDER_UNTRUSTED");
    expect(outcome.stderr).toContain(said.eventId);
  });
});
