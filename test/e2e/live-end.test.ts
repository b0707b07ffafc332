import { beforeAll, describe, expect, it } from "vitest";
import { Sotto, type VoiceMessage } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { isSync } from "../support/room-events.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// What the homeserver has answered to somebody else before we were asked to send, we know when we send.

const { newBot, newListener, proxy, synapse } = await openWorld();
let bot: Bot;
let alice: Listener;
let bob: Listener;
let voice: string;

beforeAll(async () => {
  [bot, alice, bob] = await Promise.all([newBot(), newListener(), newListener()]);
  voice = await record("up-to-date.ogg", undefined, "-c:a", "libopus");
});

const inRoom = (roomId: string, call: string, body: object, by = alice) =>
  synapse.request(
    "POST",
    `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/${call}`,
    by.session.accessToken,
    body,
  );

/** A room with the bot, and Bob in it or out of it. */
async function roomWithBot(): Promise<string> {
  const { roomId } = await alice.request("create_room", { invite: [bot.userId] });
  return roomId;
}

async function letIn(roomId: string): Promise<void> {
  await inRoom(roomId, "invite", { user_id: bob.userId });
  await inRoom(roomId, "join", {}, bob);
}

/** Waits until the loop's long poll is open. */
async function syncing(sotto: Sotto): Promise<void> {
  const longPoll = proxy.arrival((request) => isSync(request) && request.path.includes("timeout=30000"));
  sotto.onVoice(() => undefined);
  await longPoll;
}

describe("someone whose removal the homeserver has confirmed", () => {
  it("gets no key for what is sent afterwards, while sync is in a long poll", async () => {
    const roomId = await roomWithBot();
    await using sotto = await Sotto.open(bot.config);
    await syncing(sotto);
    for (let time = 0; time < 5; time += 1) {
      await letIn(roomId);
      const before = await sotto.sendVoice(roomId, { path: voice });
      expect(before.sharedWith.map(({ userId }) => userId)).toContain(bob.userId);
      await inRoom(roomId, "kick", { user_id: bob.userId });
      const after = await sotto.sendVoice(roomId, { path: voice });
      expect(after.sharedWith.map(({ userId }) => userId)).not.toContain(bob.userId);
      expect(after.sessionId).not.toBe(before.sessionId);
    }
  });

  it("gets no key from a bot's client that has not started", async () => {
    const roomId = await roomWithBot();
    let sessionBefore: string;
    {
      await using sotto = await Sotto.open(bot.config);
      await letIn(roomId);
      ({ sessionId: sessionBefore } = await sotto.sendVoice(roomId, { path: voice }));
    }
    await inRoom(roomId, "kick", { user_id: bob.userId });
    await using sotto = await Sotto.open(bot.config);
    const client = await sotto.client();
    await client.sendText(roomId, "for those who are still here");
    const { ledger, sessions } = sotto.account.store;
    const sessionId = sessions.outbound(roomId)?.sessionId ?? "";
    expect(sessionId).not.toBe(sessionBefore);
    expect(ledger.entries(sessionId).map(({ userId }) => userId)).not.toContain(bob.userId);
  });
});

describe("a room that is new to us", () => {
  it("is sent to at the first try, while sync is in a long poll", async () => {
    await using sotto = await Sotto.open(bot.config);
    await syncing(sotto);
    await sotto.sendVoice(await roomWithBot(), { path: voice });
    const carol = await newListener();
    await sotto.sendVoice(carol.userId, { path: voice });
  });

  it("is joined by an invitation that came long ago, or by its alias, and by nothing else", async () => {
    const createRoom = (options: object) =>
      synapse.request<{ room_id: string }>(
        "POST",
        "/_matrix/client/v3/createRoom",
        alice.session.accessToken,
        {
          preset: "public_chat",
          initial_state: [
            { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
          ],
          ...options,
        },
      );
    const { room_id: invitedTo } = await createRoom({ invite: [bot.userId] });
    const alias = `open-${Date.now()}`;
    const { room_id: open } = await createRoom({ room_alias_name: alias });
    resultOf(await bot.run(["send", voice, "--room", await roomWithBot()]));
    resultOf(await bot.run(["send", voice, "--room", invitedTo]));
    const before = proxy.requests.length;
    const error = errorOf(await bot.run(["send", voice, "--room", open]));
    expect(error).toMatchObject({ code: "ROOM_NOT_JOINED", exitCode: 1 });
    expect(proxy.requests.slice(before).filter(({ path }) => path.includes("/join"))).toEqual([]);
    resultOf(await bot.run(["send", voice, "--room", `#${alias}:${synapse.serverName}`]));
  });
});

describe("a token that was revoked while sync ran", () => {
  it("fails a send instead of holding it for ever", async () => {
    const other = await newBot();
    const { roomId } = await alice.request("create_room", { invite: [other.userId] });
    await using sotto = await Sotto.open(other.config);
    await syncing(sotto);
    await sotto.sendVoice(roomId, { path: voice });
    await synapse.request("POST", "/_matrix/client/v3/logout/all", other.accessToken, {});
    for (const _time of [1, 2]) {
      await expect(sotto.sendVoice(roomId, { path: voice })).rejects.toMatchObject({
        code: "TOKEN_REJECTED",
      });
    }
  });
});

describe("more messages than one sync holds", () => {
  it("reach the receiver all the same, the oldest too", async () => {
    const roomId = await roomWithBot();
    resultOf(await bot.run(["send", voice, "--room", roomId]));
    const { eventId } = await alice.request("send_voice", { roomId, file: voice, durationMs: 1500 });
    for (let count = 0; count < 60; count += 1) {
      await alice.request("send_text", { roomId, body: `chatter ${count}` });
    }
    await using sotto = await Sotto.open(bot.config);
    const heard = await new Promise<VoiceMessage>((resolve) => {
      sotto.onVoice((message) => {
        if (message.roomId === roomId) resolve(message);
      });
    });
    expect(heard.eventId).toBe(eventId);
  });
});
