import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type SendResult, Sotto } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { EngineDevice } from "../support/engine-device.ts";
import { record } from "../support/recordings.ts";
import { isSend } from "../support/room-events.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";
import type { Witness } from "../witness/witness.ts";
import type { RecordedRequest } from "./recording-proxy.ts";

// Who gets the key, who does not, what they are told, and what is left undone when somebody is left out.

const { folder, newAccount, newBot, newListener, newDevice, proxy, synapse } = await openWorld();
let bot: Bot;
let alice: Listener;
/** Alice's second device, which nobody has signed. */
let unsigned: Witness;
let voice: string;

beforeAll(async () => {
  [bot, alice] = await Promise.all([newBot(), newListener()]);
  unsigned = await newDevice(alice.account);
  voice = await record("for-whom.ogg", undefined, "-c:a", "libopus");
});

afterEach(() => {
  proxy.passOnEverything();
  bot.configure({ trust: {}, rooms: {} });
});

const newRoom = async (...others: string[]): Promise<string> =>
  (await alice.request("create_room", { invite: [bot.userId, ...others] })).roomId;
const send = (roomId: string) => bot.run(["send", voice, "--room", roomId]);
const isClaim = ({ path }: RecordedRequest) => path.includes("/keys/claim");
const isQuery = ({ path }: RecordedRequest) => path.includes("/keys/query");
const isToDevice = ({ path }: RecordedRequest) => path.includes("/sendToDevice/");
const leftOut = () => ({ userId: alice.userId, deviceId: unsigned.session.deviceId, code: "m.unverified" });

/** What left Sotto while the work was done. */
async function during(work: () => Promise<unknown>): Promise<RecordedRequest[]> {
  const before = proxy.requests.length;
  await work();
  return proxy.requests.slice(before);
}

describe("a device that nobody has signed", () => {
  it("is told on the wire that it gets no key, and why, and never costs anything again", async () => {
    const roomId = await newRoom();
    const results: SendResult[] = [];
    const first = await during(async () => results.push(resultOf<SendResult>(await send(roomId))));
    const told = first.filter(({ path }) => path.includes("/sendToDevice/m.room_key.withheld/"));
    expect(told).toHaveLength(1);
    const { messages } = JSON.parse(told[0]!.body.toString());
    expect(messages[alice.userId][unsigned.session.deviceId]).toMatchObject({
      code: "m.unverified",
      room_id: roomId,
      session_id: results[0]!.sessionId,
    });
    // in a new process, and twice in one: nothing has changed, so nothing is asked and nobody is told
    const more = await during(async () => {
      results.push(resultOf<SendResult>(await send(roomId)));
      await using sotto = await Sotto.open(bot.config);
      results.push(await sotto.sendVoice(roomId, { path: voice }));
      results.push(await sotto.sendVoice(roomId, { path: voice }));
    });
    expect(more.filter((request) => isQuery(request) || isClaim(request) || isToDevice(request))).toEqual([]);
    expect(more.filter(isSend)).toHaveLength(3);
    expect(new Set(results.map(({ sessionId }) => sessionId)).size).toBe(1);
    for (const { withheld } of results) expect(withheld).toEqual([leftOut()]);
  });

  it("gets the key where the config says `all`, which `doctor` reports", async () => {
    const roomId = await newRoom();
    bot.configure({ rooms: { [roomId]: { shareWith: "all" } } });
    const { withheld, eventId } = resultOf<SendResult>(await send(roomId));
    expect(withheld).toEqual([]);
    const heard = await unsigned.request("wait_event", { roomId, eventId, kind: "m.audio" });
    expect(heard.decrypted).toBe(true);
    const { checks } = JSON.parse((await bot.run(["doctor"])).stdout);
    expect(checks).toContainEqual(
      expect.objectContaining({ name: "trust", result: "warn", message: expect.stringContaining(roomId) }),
    );
    expect(resultOf<SendResult>(await send(await newRoom())).withheld).toEqual([leftOut()]);
  });

  it("is not taken for signed because of a signature that is forged", async () => {
    const roomId = await newRoom();
    const { selfSigningKey } = alice.identity!;
    const { deviceId } = unsigned.session;
    let forgeries = 0;
    proxy.intercept(isQuery, {
      rewrite(answer) {
        const devices = answer.device_keys as Record<string, Record<string, { signatures: object }>>;
        const device = devices[alice.userId]?.[deviceId];
        if (device) {
          forgeries += 1;
          const own = (device.signatures as Record<string, object>)[alice.userId];
          const forged = Buffer.alloc(64, 1).toString("base64").replace(/=+$/, "");
          device.signatures = { [alice.userId]: { ...own, [`ed25519:${selfSigningKey}`]: forged } };
        }
        return answer;
      },
    });
    const other = await newBot();
    await alice.request("invite", { roomId, userId: other.userId });
    const result = resultOf<SendResult>(await other.run(["send", voice, "--room", roomId]));
    expect(forgeries).toBeGreaterThan(0);
    expect(result.withheld).toEqual([leftOut()]);
  });
});

describe("verified only", () => {
  it("leaves out those whom we have not verified, our own devices apart", async () => {
    const roomId = await newRoom();
    bot.configure({ rooms: { [roomId]: { shareWith: "verified" } } });
    const { sharedWith, withheld } = resultOf<SendResult>(await send(roomId));
    expect(sharedWith).toEqual([]);
    const devices = withheld.map(({ deviceId }) => deviceId).toSorted();
    expect(devices).toEqual([alice.session.deviceId, unsigned.session.deviceId].toSorted());
  });
});

describe("onExcluded: refuse", () => {
  /** Nothing that serves to share a key, and no message. */
  const shares = (requests: RecordedRequest[]) =>
    requests.filter((request) => isClaim(request) || isToDevice(request) || isSend(request));

  it("names who would be left out, and has claimed and sent nothing", async () => {
    const roomId = await newRoom((await newAccount()).userId);
    bot.configure({ rooms: { [roomId]: { onExcluded: "refuse" } } });
    const requests = await during(async () => {
      const refused = errorOf(await send(roomId));
      expect(refused).toMatchObject({ code: "RECIPIENTS_EXCLUDED", exitCode: 1 });
      expect(refused.message).toContain(`${alice.userId} ${unsigned.session.deviceId} (m.unverified)`);
      expect(refused.message).toContain("(no-device)");
    });
    expect(shares(requests)).toEqual([]);
  });

  it("finds out too late that a device has no one-time key, and still shares nothing", async () => {
    const tablet = await EngineDevice.publish(synapse, await newAccount(), mkdtempSync(join(folder, "t-")));
    const carol = await newListener();
    const { roomId } = await carol.request("create_room", { invite: [bot.userId, tablet.userId] });
    await tablet.join(roomId);
    bot.configure({ rooms: { [roomId]: { onExcluded: "refuse" } } });
    const requests = await during(async () => {
      const refused = errorOf(await send(roomId));
      expect(refused.message).toContain(`${tablet.userId} ${tablet.deviceId} (m.no_olm)`);
      expect(refused.code).toBe("RECIPIENTS_EXCLUDED");
    });
    expect(shares(requests).filter((request) => !isClaim(request))).toEqual([]);
    await tablet.uploadKeys({ oneTime: true });
    const { sharedWith, withheld, eventId } = resultOf<SendResult>(await send(roomId));
    expect(withheld).toEqual([]);
    expect(sharedWith).toHaveLength(2);
    expect((await tablet.read(roomId, eventId)).content.msgtype).toBe("m.audio");
    await tablet.close();
  });
});

describe("a member without any device", () => {
  it("is named, and does not keep the others from it", async () => {
    const { userId, accessToken } = await newAccount();
    const roomId = await newRoom(userId);
    await synapse.request("POST", `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, accessToken, {});
    const { withheld, sharedWith } = resultOf<SendResult>(await send(roomId));
    expect(withheld).toContainEqual({ userId, deviceId: null, code: "no-device" });
    expect(sharedWith).toEqual([{ userId: alice.userId, deviceId: alice.session.deviceId }]);
  });
});
