import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { isSend, isSync, isToDevice } from "../support/room-events.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";
import { foreignDevice, foreignIdentity } from "../witness/sign-listener.ts";
import type { RecordedRequest } from "./recording-proxy.ts";

// A homeserver that lies about keys: of a member's device, of our own device, of our own identity.

const { newBot, newListener, newDevice, proxy } = await openWorld();
let alice: Listener;
let voice: string;

beforeAll(async () => {
  alice = await newListener();
  voice = await record("for-no-forged-key.ogg", undefined, "-c:a", "libopus");
});

afterEach(() => proxy.passOnEverything());

const isQuery = ({ path }: RecordedRequest) => path.includes("/keys/query");
const send = (bot: Bot, roomId: string) => bot.run(["send", voice, "--room", roomId]);
const newRoom = async (bot: Bot) => (await alice.request("create_room", { invite: [bot.userId] })).roomId;
/** Keys and messages that left since then. */
const given = (from: number) =>
  proxy.requests.slice(from).filter((request) => isToDevice(request) || isSend(request));

interface Keys {
  keys: Record<string, string>;
  signatures: Record<string, Record<string, string>>;
}
interface QueryAnswer {
  device_keys: Record<string, Record<string, Keys>>;
  master_keys: Record<string, unknown>;
  self_signing_keys: Record<string, unknown>;
  user_signing_keys: Record<string, unknown>;
}

/** Has each answer to a key query changed, and says in each sync that the user's keys are other ones by now. */
function lieAbout(userId: string, change: (answer: QueryAnswer) => void): void {
  proxy.intercept(isQuery, {
    rewrite(answer) {
      change(answer as unknown as QueryAnswer);
      return answer;
    },
  });
  proxy.intercept(isSync, {
    rewrite: (answer) => ({ ...answer, device_lists: { changed: [userId], left: [] } }),
  });
}

const FORGED = Buffer.alloc(64, 1).toString("base64").replace(/=+$/, "");

describe("a member's device", () => {
  it("that has not signed its own keys gets none of ours, and is named; the others get theirs", async () => {
    const bot = await newBot();
    const roomId = await newRoom(bot);
    const second = await newDevice(alice.account);
    const { deviceId } = second.session;
    lieAbout(alice.userId, ({ device_keys }) => {
      const device = device_keys[alice.userId]?.[deviceId];
      if (device) device.signatures[alice.userId]![`ed25519:${deviceId}`] = FORGED;
    });
    const from = proxy.requests.length;
    const { withheld, sharedWith } = resultOf<SendResult>(await send(bot, roomId));
    expect(sharedWith).toEqual([{ userId: alice.userId, deviceId: alice.session.deviceId }]);
    const named = [{ userId: alice.userId, deviceId, code: "keys-invalid" }];
    expect(withheld).toEqual(named);
    for (const { body } of given(from)) expect(body.toString()).not.toContain(deviceId);
    // a new process, which has no reason to ask for keys, says so too
    proxy.passOnEverything();
    expect(resultOf<SendResult>(await send(bot, roomId)).withheld).toEqual(named);
  });

  it("that has not signed its own keys is a reason to refuse, where somebody left out is one", async () => {
    const bot = await newBot({ config: { trust: { onExcluded: "refuse" } } });
    const own = await newListener();
    const { roomId } = await own.request("create_room", { invite: [bot.userId] });
    const { deviceId } = own.session;
    lieAbout(own.userId, ({ device_keys }) => {
      const device = device_keys[own.userId]?.[deviceId];
      if (device) device.signatures[own.userId]![`ed25519:${deviceId}`] = FORGED;
    });
    const from = proxy.requests.length;
    const refused = errorOf(await send(bot, roomId));
    expect(refused.code).toBe("RECIPIENTS_EXCLUDED");
    expect(refused.message).toContain(`${own.userId} ${deviceId} (keys-invalid)`);
    expect(given(from)).toEqual([]);
  });

  it("whose keys are exchanged for others under its name keeps what it had, and the others get nothing", async () => {
    const bot = await newBot();
    const roomId = await newRoom(bot);
    resultOf(await send(bot, roomId));
    const { deviceId } = alice.session;
    const swapped = foreignDevice(alice.userId, deviceId);
    lieAbout(alice.userId, ({ device_keys }) => {
      if (device_keys[alice.userId]) device_keys[alice.userId]![deviceId] = swapped as unknown as Keys;
    });
    const from = proxy.requests.length;
    const { sharedWith } = resultOf<SendResult>(await send(bot, roomId));
    expect(sharedWith).toEqual([{ userId: alice.userId, deviceId }]);
    expect(given(from).filter(isToDevice)).toEqual([]);
  });
});

describe("our own identity", () => {
  it("that is exchanged for another stops every message, and Sotto says whose it is", async () => {
    const bot = await newBot();
    const roomId = await newRoom(bot);
    resultOf(await send(bot, roomId));
    const { master, selfSigning, userSigning, sign } = foreignIdentity(bot.userId);
    lieAbout(bot.userId, (answer) => {
      if (!answer.device_keys[bot.userId]) return;
      answer.master_keys[bot.userId] = master;
      answer.self_signing_keys[bot.userId] = selfSigning;
      answer.user_signing_keys[bot.userId] = userSigning;
      const devices = answer.device_keys[bot.userId]!;
      devices[bot.deviceId] = sign(devices[bot.deviceId]!);
    });
    for (const shareWith of ["signed", "all"]) {
      bot.configure({ trust: { shareWith } });
      const from = proxy.requests.length;
      const refused = errorOf(await send(bot, roomId));
      expect(refused).toMatchObject({ code: "IDENTITY_CHANGED", exitCode: 1 });
      expect(refused.message).toContain(`${bot.userId}, our own`);
      expect(given(from)).toEqual([]);
    }
    const { checks } = JSON.parse((await bot.run(["doctor"])).stdout);
    expect(checks).toContainEqual(expect.objectContaining({ name: "identity", result: "fail" }));
    // the true one is back: its keys come out of secret storage, and what is sent then arrives
    proxy.passOnEverything();
    bot.configure({ trust: {} });
    const joined = await bot.run(["identity", "bootstrap", "--recovery-key-file", bot.recoveryKeyFile]);
    expect(joined).toMatchObject({ code: 0 });
    const { eventId } = resultOf<SendResult>(await send(bot, roomId));
    await alice.request("wait_event", { roomId, eventId, kind: "m.audio" });
  });
});

describe("our own device", () => {
  it("whose signature is taken away sends nothing, says so, and goes on when it is there again", async () => {
    const bot = await newBot();
    const roomId = await newRoom(bot);
    lieAbout(bot.userId, ({ device_keys }) => {
      const device = device_keys[bot.userId]?.[bot.deviceId];
      if (!device) return;
      const own = `ed25519:${bot.deviceId}`;
      device.signatures = { [bot.userId]: { [own]: device.signatures[bot.userId]![own]! } };
    });
    const from = proxy.requests.length;
    expect(errorOf(await send(bot, roomId))).toMatchObject({ code: "IDENTITY_NOT_READY", exitCode: 1 });
    expect(given(from)).toEqual([]);
    const { checks } = JSON.parse((await bot.run(["doctor"])).stdout);
    expect(checks).toContainEqual(expect.objectContaining({ name: "identity", result: "fail" }));

    proxy.passOnEverything();
    proxy.next(isSync, {
      rewrite: (answer) => ({ ...answer, device_lists: { changed: [bot.userId], left: [] } }),
    });
    const { eventId } = resultOf<SendResult>(await send(bot, roomId));
    await alice.request("wait_event", { roomId, eventId, kind: "m.audio" });
  });
});
