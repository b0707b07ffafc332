import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import { SynapseRequestError } from "../../synapse-dev/synapse.ts";
import type { Bot } from "../support/bot.ts";
import { ODD, placesIn, spoiled } from "../support/garbage.ts";
import { roomPath } from "../support/patrolled-rooms.ts";
import { record } from "../support/recordings.ts";
import { isSync } from "../support/room-events.ts";
import { linesOf, type RunningSotto, resultOf } from "../support/sotto.ts";
import { type ElementUser, openWorld } from "../support/world.ts";

// What members may write into a room without their clients, and a homeserver passes on: none of it ends what the bot does.

const { folder, newAccount, newBot, newElement, proxy, synapse } = await openWorld();
/** Numbers with a fraction are in no event. */
const GARBAGE = ODD.filter((value) => typeof value !== "number" || Number.isSafeInteger(value));
const MEGOLM = {
  ...{ algorithm: "m.megolm.v1.aes-sha2", session_id: "s", ciphertext: "c", sender_key: "k", device_id: "D" },
  "m.relates_to": {},
};
const CLEAR = {
  msgtype: "m.audio",
  body: "b",
  url: "mxc://x/y",
  info: { duration: 1 },
  file: { url: "mxc://x/y" },
};

let bot: Bot;
let friend: ElementUser;
/** Of accounts of which no client is in the way. */
let friendToken: string;
let strangerToken: string;
let roomId: string;
let voice: string;
let service: RunningSotto;

/** Gives whether the homeserver has taken it. */
const put = (token: string, path: string, content: unknown, room = roomId): Promise<boolean> =>
  synapse.request("PUT", roomPath(room, path), token, content as object).then(
    () => true,
    (thrown) => {
      if (thrown instanceof SynapseRequestError) return false;
      throw thrown;
    },
  );
const everyGarbageIn = (content: object) =>
  placesIn(content).flatMap((steps) => GARBAGE.map((by) => spoiled(content, steps, by)));

/** A voice message still comes, and one still goes. */
async function goesOn(): Promise<void> {
  const { eventId } = await friend.request("sendVoice", { roomId, file: voice, durationMs: 1500 });
  const out = join(folder, randomUUID());
  const received = await bot.run(["receive", "--out", out, "--count", "1", "--timeout", "60"]);
  expect(linesOf(received)).toEqual([expect.objectContaining({ eventId })]);
  const sent = resultOf<{ eventId: string }>(await bot.run(["send", voice, "--room", roomId]));
  const heard = await friend.request("waitEvent", { roomId, eventId: sent.eventId });
  expect(heard).toMatchObject({ decrypted: true });
}

beforeAll(async () => {
  voice = await record("among-the-odd.ogg", undefined, "-c:a", "libopus");
  const [account, ...others] = await Promise.all([newAccount(), newBot(), newElement()]);
  [bot, friend] = others;
  strangerToken = account.accessToken;
  friendToken = (await synapse.login(friend.userId, friend.account.password)).accessToken;
  ({ roomId } = await friend.request("createRoom", { invite: [bot.userId, account.userId] }));
  await synapse.request("POST", roomPath(roomId, "join"), strangerToken, {});
  resultOf(await bot.run(["send", voice, "--room", roomId]));
  // each event comes as it is sent: of many at once, a homeserver leaves most out
  service = bot.start(["run"]);
  await service.says('"message":"running"');
});
afterAll(async () => {
  expect((await service.end("SIGTERM")).code).toBe(0);
});

describe("events of a stranger in the room", () => {
  it.each([
    ["m.room.encrypted", MEGOLM],
    ["m.room.message", CLEAR],
  ])("%s with anything in it", async (type, content) => {
    let taken = 0;
    for (const event of everyGarbageIn(content))
      if (await put(strangerToken, `send/${type}/${randomUUID()}`, event)) taken += 1;
    expect(taken).toBeGreaterThan(50);
    await goesOn();
  });

  it("a request to verify, of any kind, in a room where no other client stumbles over it", async () => {
    const { room_id: alone } = await synapse.request<{ room_id: string }>(
      "POST",
      "/_matrix/client/v3/createRoom",
      strangerToken,
      {
        invite: [bot.userId],
        initial_state: [{ type: "m.room.encryption", content: { algorithm: "m.megolm.v1.aes-sha2" } }],
      },
    );
    resultOf(await bot.run(["send", voice, "--room", alone]));
    const request = {
      msgtype: "m.key.verification.request",
      body: "b",
      from_device: "D",
      methods: ["m.sas.v1"],
    };
    for (const event of everyGarbageIn({ ...request, to: bot.userId, timestamp: 1 }))
      await put(strangerToken, `send/m.room.message/${randomUUID()}`, event, alone);
    await goesOn();
  });
});

describe("state by who may set it", () => {
  it.each([
    ["m.room.history_visibility", { history_visibility: "shared" }],
    [
      "m.room.encryption",
      { algorithm: "m.megolm.v1.aes-sha2", rotation_period_ms: 1, rotation_period_msgs: 1 },
    ],
    ["m.room.name", { name: "n" }],
  ])("%s with anything in it", async (type, content) => {
    for (const event of everyGarbageIn(content)) await put(friendToken, `state/${type}/`, event);
    expect(await put(friendToken, `state/${type}/`, content)).toBe(true);
    await goesOn();
  });
});

it("a member who cannot exist is told of as one without devices, and all others can read", async () => {
  const nobody = "@no:body at all";
  const joined = { type: "m.room.member", state_key: nobody, content: { membership: "join" } };
  proxy.intercept(isSync, {
    rewrite(answer) {
      const rooms = answer.rooms as
        | { join?: Record<string, { timeline: { events: unknown[] } }> }
        | undefined;
      const event = { ...joined, sender: friend.userId, event_id: "$nobody", origin_server_ts: 1 };
      rooms?.join?.[roomId]?.timeline.events.push(event);
      return answer;
    },
  });
  // the request that waits already is not changed
  const next = proxy.arrival(isSync);
  await put(friendToken, "state/m.room.topic/", { topic: "somebody comes" });
  await next;
  await put(friendToken, "state/m.room.topic/", { topic: "somebody came" });
  const { eventId, withheld } = resultOf<SendResult>(await bot.run(["send", voice, "--room", roomId]));
  expect(withheld).toContainEqual({ userId: nobody, deviceId: null, code: "no-device" });
  expect(await friend.request("waitEvent", { roomId, eventId })).toMatchObject({ decrypted: true });
});
