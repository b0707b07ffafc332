import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { runningService } from "../support/running-service.ts";
import { verifyMember } from "../support/verify-member.ts";
import { type Listener, openWorld } from "../support/world.ts";

// `!sotto status | why | help`, said by those who may and by those who may not.

const { newConversation, newListener, synapse } = await openWorld();
let bot: Bot;
let alice: Listener;
let bob: Listener;
let roomId: string;
let voice: string;
let config: Record<string, unknown>;

beforeAll(async () => {
  bob = await newListener();
  ({ bot, listener: alice, roomId } = await newConversation());
  await alice.request("invite", { roomId, userId: bob.userId });
  await bob.request("join", { roomId });
  voice = await record("asked-about.ogg", undefined, "-c:a", "libopus");
  config = { commandsFrom: [alice.userId], routes: [] };
  // the bot sees both, and has not verified anybody yet
  expect((await bot.run(["send", voice, "--room", roomId])).code).toBe(0);
});

const PATIENCE = { timeout: 30_000, interval: 50 };
const ask = (who: Listener, body: string, room = roomId) => who.request("send_text", { roomId: room, body });
const answer = (room = roomId) => alice.request("wait_event", { roomId: room, kind: "m.notice" });
const refused = (log: string[], eventId: string) =>
  vi.waitFor(
    () =>
      expect(log.filter((line) => line.includes("is not answered") && line.includes(eventId))).toHaveLength(
        1,
      ),
    PATIENCE,
  );

describe("a command", () => {
  it("of somebody who is named, and not verified, is not answered", async () => {
    await using service = await runningService(bot, config);
    const { eventId } = await ask(alice, "!sotto status");
    await refused(service.log, eventId);
    expect(service.store.inbox.has(eventId)).toBe(false);
    expect(service.store.jobs.list(1)[0]).not.toMatchObject({ source: ":answers" });
  });

  it("of somebody who is verified and named is answered where it was asked, encrypted; of others it is not", async () => {
    for (const { userId } of [alice, bob]) await verifyMember(synapse, bot, userId);
    // of a room key, the engine keeps how far its sender was proven when it came
    await alice.request("rotate", { roomId });
    await using service = await runningService(bot, {
      ...config,
      routes: [{ from: roomId, to: "hand" }],
    });
    const other = await ask(bob, "!sotto status");
    const asked = await ask(alice, "!sotto status");
    const heard = await answer();
    expect(heard).toMatchObject({ decrypted: true, sender: bot.userId });
    expect(heard.content["m.relates_to"]).toEqual({ "m.in_reply_to": { event_id: asked.eventId } });
    expect(heard.content.body).toMatch(
      /^Messages that wait: 0\. Given up: 0\.\nLast answer of the homeserver: \d/,
    );
    expect(heard.content.body).toContain("- a room to hand: works");
    await refused(service.log, other.eventId);
    const { event } = await alice.request("raw_event", { roomId, eventId: heard.eventId });
    expect(JSON.stringify(event)).not.toContain("Messages that wait");
  });

  it("`why` says which messages the asker cannot play; what is no command is let be", async () => {
    await using service = await runningService(bot, config);
    await ask(alice, "sotto why");
    await ask(alice, "!sotto why");
    expect((await answer()).content.body).toContain("A device of yours was handed the key");
    await ask(alice, "!sotto dance");
    expect((await answer()).content.body).toContain("!sotto help");
    const answers = service.store.jobs.list(100).filter(({ source }) => source === ":answers");
    expect(answers).toHaveLength(3); // with the one before
  });

  it("leaves voice messages of rooms without a route to `sotto receive`", async () => {
    await using service = await runningService(bot, config);
    const { eventId } = await alice.request("send_voice", { roomId, file: voice, durationMs: 1500 });
    await ask(alice, "!sotto help");
    await answer();
    expect(service.store.inbox.has(eventId)).toBe(true);
  });

  it("in a room that is not encrypted is not answered, whether it is encrypted itself or not", async () => {
    const { room_id: clear } = await synapse.request<{ room_id: string }>(
      "POST",
      "/_matrix/client/v3/createRoom",
      alice.session.accessToken,
      { preset: "public_chat", invite: [bot.userId] },
    );
    await using service = await runningService(bot, { ...config, acceptInvitesFrom: [alice.userId] });
    await vi.waitFor(() => expect(service.store.rooms.get(clear)?.membership).toBe("join"), PATIENCE);
    await ask(alice, "!sotto status", clear);
    // an encrypted event where none is expected: its ciphertext comes from another room
    const { eventId } = await ask(alice, "!sotto help");
    const { event } = await alice.request("raw_event", { roomId, eventId });
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(clear)}/send/m.room.encrypted/copied`;
    await synapse.request("PUT", path, alice.session.accessToken, (event as { content: object }).content);
    await answer();
    await ask(alice, "!sotto help");
    await answer();
    expect(service.store.jobs.list(100).filter((job) => job.roomId === clear)).toEqual([]);
  });
});
