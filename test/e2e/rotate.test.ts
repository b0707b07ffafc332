import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { sendHere } from "../support/in-process.ts";
import { record } from "../support/recordings.ts";
import { isSend, isSync } from "../support/room-events.ts";
import { endAllSotto, errorOf, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// What ends a room key at once: a person's word, a device that goes, a history that is opened or closed.

const { newAccount, newConversation, newDevice, proxy, synapse } = await openWorld();
let bot: Bot;
let alice: Listener;
let roomId: string;
let voice: string;

beforeAll(async () => {
  ({ bot, listener: alice, roomId } = await newConversation({ config: { trust: { shareWith: "all" } } }));
  voice = await record("time-for-a-new-one.ogg", undefined, "-c:a", "libopus");
});
afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

const send = async () => resultOf<SendResult>(await bot.run(["send", voice, "--room", roomId]));
const rotate = async (...args: string[]) => resultOf<{ rooms: string[] }>(await bot.run(["rotate", ...args]));

/** @param earlier how the messages are sent that have one key; the one that must have another is a command's */
async function expectNewKeyAfter(
  what: () => Promise<unknown>,
  earlier = () => sendHere(bot, roomId, voice),
): Promise<SendResult> {
  const before = await earlier();
  expect((await earlier()).sessionId).toBe(before.sessionId);
  await what();
  const after = await send();
  expect(after.sessionId).not.toBe(before.sessionId);
  await alice.request("wait_event", { roomId, eventId: after.eventId, kind: "m.audio" });
  return after;
}

describe("sotto rotate", () => {
  it("gives the next message of a room a new key, and that of another room not", async () => {
    const other = await alice.request("create_room", { invite: [bot.userId] });
    const args = ["send", voice, "--room", other.roomId];
    const { sessionId } = resultOf<SendResult>(await bot.run(args));
    await expectNewKeyAfter(async () => expect(await rotate(roomId)).toEqual({ rooms: [roomId] }));
    expect(resultOf<SendResult>(await bot.run(args)).sessionId).toBe(sessionId);
  });

  it("--all: of every room", async () => {
    await expectNewKeyAfter(async () => expect((await rotate("--all")).rooms).toContain(roomId));
  });

  it("is carried out by the service that holds the store", async () => {
    const longPoll = proxy.arrival((request) => isSync(request) && request.path.includes("timeout=30000"));
    bot.start(["run"]);
    await longPoll;
    await expectNewKeyAfter(() => rotate(roomId), send);
  });

  it("holds when the process is killed before the new key is shared, and while it is", async () => {
    for (const fault of ["hang before", "hang after"] as const) {
      await expectNewKeyAfter(async () => {
        await rotate(roomId);
        const sharing = proxy.next(({ path }) => path.includes("/sendToDevice/"), fault);
        const sending = bot.start(["send", voice, "--room", roomId]);
        await sharing;
        await sending.end("SIGKILL");
      });
    }
  });

  it.each([
    ["a room we are not in", "!nowhere", "ROOM_NOT_JOINED", 1],
    ["a user", "@alice:example.org", "USAGE", 2],
  ])("refuses %s", async (_what, room, code, exitCode) => {
    expect(errorOf(await bot.run(["rotate", room]))).toMatchObject({ code, exitCode });
  });

  it("refuses a room that is not encrypted", async () => {
    const clear = await synapse.request<{ room_id: string }>(
      "POST",
      "/_matrix/client/v3/createRoom",
      alice.session.accessToken,
      { preset: "public_chat", invite: [bot.userId] },
    );
    errorOf(await bot.run(["send", voice, "--room", clear.room_id])); // joins, and refuses to send
    const error = errorOf(await bot.run(["rotate", clear.room_id]));
    expect(error).toMatchObject({ code: "ROOM_NOT_ENCRYPTED", exitCode: 1 });
  });
});

describe("a new key", () => {
  it("comes after a device of a member has been removed", async () => {
    const tablet = await newDevice(alice.account);
    const { accessToken, deviceId } = tablet.session;
    const before = await sendHere(bot, roomId, voice);
    expect(before.sharedWith.map((device) => device.deviceId)).toContain(deviceId);
    const after = await expectNewKeyAfter(() =>
      synapse.request("POST", "/_matrix/client/v3/logout", accessToken, {}),
    );
    expect(after.sharedWith.map((device) => device.deviceId)).not.toContain(deviceId);
  });

  it("comes after somebody who was only invited has been turned away", async () => {
    const bob = await newAccount();
    await alice.request("invite", { roomId, userId: bob.userId });
    await expectNewKeyAfter(() =>
      synapse.request(
        "POST",
        `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/leave`,
        bob.accessToken,
        {},
      ),
    );
  });

  it.each(["joined", "shared", "invited"])("comes when the history is then %s", async (visibility) => {
    await expectNewKeyAfter(() =>
      synapse.request(
        "PUT",
        `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state/m.room.history_visibility`,
        alice.session.accessToken,
        { history_visibility: visibility },
      ),
    );
  });

  it("comes with each message where the config says so, whatever the room allows", async () => {
    bot.configure({ rotation: { maxMessages: 1 } });
    const sessions = new Set<string>();
    for (let time = 0; time < 3; time += 1) sessions.add((await send()).sessionId);
    expect(sessions.size).toBe(3);
    bot.configure({ rotation: { maxMessages: 100 } });
  });

  it("comes no later because the room is told to be laxer, and the operator hears of it", async () => {
    await sendHere(bot, roomId, voice);
    const before = proxy.requests.filter(isSend).length;
    await synapse.request(
      "PUT",
      `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state/m.room.encryption`,
      alice.session.accessToken,
      { algorithm: "org.example.none", rotation_period_msgs: 9_000 },
    );
    const outcome = await bot.run(["send", voice, "--room", roomId]);
    expect(outcome.code).toBe(0);
    expect(outcome.stderr).toContain("weakened");
    expect(outcome.stderr).toContain(roomId);
    expect(proxy.requests.filter(isSend)).toHaveLength(before + 1);
  });
});
