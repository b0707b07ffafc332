import { randomUUID } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { isSync, sentBy } from "../support/room-events.ts";
import { endAllSotto, errorOf, resultOf, startSotto } from "../support/sotto.ts";
import { megolmSession } from "../support/store.ts";
import { type Listener, openWorld } from "../support/world.ts";

// What any client of the account can do with a click, and a homeserver with a forged event: neither costs the device.

const { newBot, newListener, proxy, synapse } = await openWorld();
let listener: Listener;
let voice: string;
let bot: Bot;
let roomId: string;

beforeAll(async () => {
  [listener, bot, voice] = await Promise.all([newListener(), newBot(), record("in-doubt.wav")]);
  ({ roomId } = await listener.request("create_room", { invite: [bot.userId] }));
  resultOf(await send());
});
afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

const send = () => bot.run(["send", voice, "--room", roomId]);
const heard = async () => {
  const { eventId } = resultOf<SendResult>(await send());
  await listener.request("wait_event", { roomId, eventId, kind: "m.audio" });
};
const recordPath = () =>
  `/_matrix/client/v3/user/${encodeURIComponent(bot.userId)}/account_data/alt.sotto.store.${bot.deviceId}`;
const clearRecord = () => synapse.request("PUT", recordPath(), bot.accessToken, {});

/** As a person at the terminal, who knows that the data directory was never copied. */
async function confirm(): Promise<string> {
  const confirming = startSotto(["store", "confirm", "--config", bot.config], { terminal: true });
  await confirming.says(`Type ${bot.deviceId}`);
  confirming.types(`${bot.deviceId}\n`);
  const { code, stderr } = await confirming.ended;
  expect(code).toBe(0);
  return stderr;
}

const longPoll = () => proxy.arrival((request) => isSync(request) && request.path.includes("timeout=30000"));

describe("the record of the store, cleared in another client", () => {
  it("is written again by a service that runs, which goes on", async () => {
    const polling = longPoll();
    const service = bot.start(["run"]);
    await polling;
    const written = proxy.next(({ method, path }) => method === "PUT" && path.includes("alt.sotto.store."));
    await clearRecord();
    expect((await written).status).toBe(200);
    await heard();
    expect((await service.end("SIGTERM")).code).toBe(0);
    await heard();
  });

  it("stops the next start, until a person has confirmed that there is no copy", async () => {
    await clearRecord();
    const before = proxy.requests.length;
    const error = errorOf(await send());
    expect(error).toMatchObject({ code: "STORE_RECORD_MISSING", exitCode: 3 });
    expect(error.cure).toContain("sotto store confirm");
    expect(errorOf(await bot.start(["run"]).ended)).toMatchObject({
      code: "STORE_RECORD_MISSING",
      exitCode: 3,
    });
    const moved = proxy.requests
      .slice(before)
      .filter(({ path }) => /sendToDevice|keys\/|\/send\//.test(path));
    expect(moved).toEqual([]);
    expect(await confirm()).toContain("gone from the account's data");
    await heard();
  });
});

describe("an event that the homeserver forges in the account's name", () => {
  /** The next answer of `/sync` has it, however often it is asked. */
  const forge = (sessionId: string, ciphertext: string): string => {
    const event_id = `$${randomUUID()}`;
    const content = {
      algorithm: "m.megolm.v1.aes-sha2",
      device_id: bot.deviceId,
      session_id: sessionId,
      ciphertext,
    };
    const event = {
      type: "m.room.encrypted",
      sender: bot.userId,
      event_id,
      origin_server_ts: Date.now(),
      content,
    };
    proxy.intercept(isSync, {
      rewrite: (answer) => ({
        ...answer,
        rooms: {
          join: { [roomId]: { timeline: { events: [event], limited: false }, state: { events: [] } } },
        },
      }),
    });
    return event_id;
  };

  it("under a session of ours changes nothing: it is not signed by it", async () => {
    const [event] = (await sentBy(synapse, roomId, listener.session.accessToken, bot.userId)).slice(-1);
    const { session_id: sessionId, ciphertext } = event!.content as {
      session_id: string;
      ciphertext: string;
    };
    const message = Buffer.from(ciphertext, "base64");
    message[2] = 120; // an index that we have not used
    forge(sessionId, message.toString("base64").replace(/=+$/, ""));
    resultOf(await send());
    proxy.passOnEverything();
    await heard();
  });

  it("under a session of its own stops the bot, and a person can let it go on", async () => {
    const session = megolmSession();
    const eventId = forge(session.sessionId, session.ciphertext(0));
    const error = errorOf(await send());
    expect(error).toMatchObject({ code: "STORE_IN_DOUBT", exitCode: 3 });
    expect(error.message).toContain(eventId);
    expect(error.cure).toContain("sotto store confirm");
    const doctor = JSON.parse((await bot.run(["doctor"])).stdout) as {
      checks: { name: string; result: string }[];
    };
    expect(doctor.checks).toContainEqual(expect.objectContaining({ name: "copies", result: "fail" }));
    expect(await confirm()).toContain(eventId);
    resultOf(await send()); // and it is still shown
    proxy.passOnEverything();
    await heard();
  });
});
