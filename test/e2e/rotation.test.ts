import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { linesOf, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// Both directions, with room keys that change and both sides started again. The bot is a new process each time.

const { folder, newConversation, newListener, proxy } = await openWorld();
let bot: Bot;
let alice: Listener;
let roomId: string;
let voice: string;

beforeAll(async () => {
  ({ bot, listener: alice, roomId } = await newConversation({ config: { rotation: { maxMessages: 2 } } }));
  voice = await record("again-and-again.ogg", undefined, "-c:a", "libopus");
});

const send = async () => resultOf<SendResult>(await bot.run(["send", voice, "--room", roomId]));

const hears = (listener: Listener, { eventId }: { eventId: string }) =>
  listener.request("receive_voice", { roomId, eventId, out: join(folder, "heard.ogg") });

async function botHears(eventIds: string[]): Promise<void> {
  const args = ["receive", "--out", join(folder, "out"), "--count", String(eventIds.length)];
  const outcome = await bot.run([...args, "--timeout", "30"]);
  expect(outcome.stderr).toBe("");
  expect(linesOf<{ eventId: string }>(outcome).map((line) => line.eventId)).toEqual(eventIds);
}

describe("room keys that change", () => {
  it("are understood on both sides, before and after both have been restarted", async () => {
    const sessions: string[] = [];
    const exchange = async () => {
      const sent = await send();
      sessions.push(sent.sessionId);
      await hears(alice, sent);
      const first = await alice.request("send_voice", { roomId, file: voice, durationMs: 1500 });
      await alice.request("rotate", { roomId });
      const second = await alice.request("send_voice", { roomId, file: voice, durationMs: 1500 });
      expect(second.sessionId).not.toBe(first.sessionId);
      await botHears([first.eventId, second.eventId]);
    };
    await exchange();
    await exchange();
    await alice.restart();
    await exchange();
    const [first, second, third] = sessions;
    expect(second).toBe(first);
    expect(third).not.toBe(first);
  });
});

describe("who may read", () => {
  it("someone new: from the next message on", async () => {
    await send();
    const bob = await newListener();
    await alice.request("invite", { roomId, userId: bob.userId });
    await bob.request("join", { roomId });
    const sent = await send();
    expect(sent.sharedWith).toContainEqual({ userId: bob.userId, deviceId: bob.session.deviceId });
    await hears(bob, sent);
  });

  it("not someone who has left: no later message, even after coming back", async () => {
    const carol = await newListener();
    await alice.request("invite", { roomId, userId: carol.userId });
    await carol.request("join", { roomId });
    const before = await send();
    await hears(carol, before);
    await carol.request("leave", { roomId });

    const shares = proxy.requests.length;
    const after = await send();
    expect(after.sessionId).not.toBe(before.sessionId);
    expect(after.sharedWith.map(({ userId }) => userId)).not.toContain(carol.userId);
    const toDevices = proxy.requests.slice(shares).filter(({ path }) => path.includes("/sendToDevice/"));
    expect(toDevices.length).toBeGreaterThan(0);
    for (const { body } of toDevices) expect(body.toString()).not.toContain(carol.userId);

    // the homeserver shows her the message; only the key can keep it from her
    await alice.request("invite", { roomId, userId: carol.userId });
    await carol.request("join", { roomId });
    await carol.request("wait_event", { roomId, eventId: after.eventId, kind: "undecryptable" });
    await hears(carol, await send());
  });
});
