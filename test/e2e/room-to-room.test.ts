import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import { SottoError } from "../../src/errors.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { runningService } from "../support/running-service.ts";
import { type Listener, openWorld } from "../support/world.ts";

// A voice message of one room in another, and what becomes of it there when the first changes.

const { folder, newBot, newConversation, proxy, synapse } = await openWorld();
let bot: Bot;
let alice: Listener;
let from: string;
let to: string;
let voice: string;

beforeAll(async () => {
  ({ bot, listener: alice, roomId: from } = await newConversation());
  ({ roomId: to } = await alice.request("create_room", { invite: [bot.userId] }));
  voice = await record("passed-on.ogg", undefined, "-c:a", "libopus");
});

const PATIENCE = { timeout: 30_000, interval: 50 };
type Service = Awaited<ReturnType<typeof runningService>>;

const say = (roomId = from) => alice.request("send_voice", { roomId, file: voice, durationMs: 1500 });

/** The event of the other room. */
const relayed = (service: Service, eventId: string, source = from): Promise<string> =>
  vi.waitFor(() => {
    const job = service.store.jobs.ofSource(`${source}/${eventId}`).at(-1);
    expect(job?.state).toBe("sent");
    return job!.eventId!;
  }, PATIENCE);

const request = (method: "PUT" | "GET" | "POST", roomId: string, rest: string, body?: object) =>
  synapse.request<Record<string, unknown>>(
    method,
    `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/${rest}`,
    alice.session.accessToken,
    body,
  );

const contentOf = async (roomId: string, eventId: string) =>
  (await request("GET", roomId, `event/${encodeURIComponent(eventId)}`)).content as Record<string, unknown>;

const redact = (eventId: string) =>
  request("PUT", from, `redact/${encodeURIComponent(eventId)}/redact-${eventId.slice(1, 9)}`, {});

describe("a voice message in another room", () => {
  it("goes when the first is redacted, where the config lets a redaction leave", async () => {
    await using service = await runningService(bot, {
      routes: [{ from, to }],
      clearEvents: { redactions: true },
    });
    const { eventId } = await say();
    const there = await relayed(service, eventId);
    expect(await contentOf(to, there)).toHaveProperty("ciphertext");
    await redact(eventId);
    await vi.waitFor(async () => expect(await contentOf(to, there)).toEqual({}), PATIENCE);
    await vi.waitFor(() => expect(service.store.redactions.all()).toEqual([]), PATIENCE);
  });

  it("stays where it does not, which is logged once, and `checks` says so", async () => {
    await using service = await runningService(bot, { routes: [{ from, to }], clearEvents: {} });
    const events = [await say(), await say()];
    const there = [];
    for (const { eventId } of events) there.push(await relayed(service, eventId));
    for (const { eventId } of events) await redact(eventId);
    const told = () => service.log.filter((line) => line.includes("clearEvents.redactions"));
    await vi.waitFor(() => {
      expect(told()).toHaveLength(1);
      expect(service.store.redactions.all()).toEqual([]);
    }, PATIENCE);
    for (const eventId of there) expect(await contentOf(to, eventId)).toHaveProperty("ciphertext");
    expect(await service.service.relay.checks()).toContainEqual(
      expect.objectContaining({
        connector: from,
        message: expect.stringContaining("clearEvents.redactions"),
      }),
    );
  });

  it("is replaced when its sender edits the first, and not when somebody else says so", async () => {
    await using service = await runningService(bot, { routes: [{ from, to }] });
    const first = await say();
    const there = await relayed(service, first.eventId);
    const edit = (event_id: string) => ({
      ...first.content,
      body: "* Voice message.ogg",
      "m.new_content": first.content,
      "m.relates_to": { rel_type: "m.replace", event_id },
    });
    const edited = await alice.request("send", { roomId: from, content: edit(first.eventId) });
    const replacement = await relayed(service, edited.eventId);
    const relation = { rel_type: "m.replace", event_id: there };
    expect(await contentOf(to, replacement)).toMatchObject({ "m.relates_to": relation });
    const heard = await alice.request("receive_voice", {
      ...{ roomId: to, eventId: replacement, out: join(folder, "edited.ogg") },
    });
    expect(heard.content).toMatchObject({
      "m.new_content": { msgtype: "m.audio", file: { url: expect.stringContaining("mxc://") } },
    });
    // the bot's own event in the room is not hers
    const { eventId: own } = await service.sotto.sendVoice(from, { path: voice });
    const forged = await alice.request("send", { roomId: from, content: edit(own) });
    await vi.waitFor(() => expect(service.log.join("\n")).toContain("an edit is not relayed"), PATIENCE);
    expect(service.store.jobs.ofSource(`${from}/${forged.eventId}`)).toEqual([]);
  });

  it("goes into each of two rooms", async () => {
    const { roomId: third } = await alice.request("create_room", { invite: [bot.userId] });
    await using service = await runningService(bot, {
      routes: [
        { from, to },
        { from, to: third },
      ],
    });
    const { eventId } = await say();
    await vi.waitFor(() => {
      const jobs = service.store.jobs.ofSource(`${from}/${eventId}`);
      expect(jobs.map(({ roomId, state }) => [roomId, state]).sort()).toEqual(
        [to, third].map((roomId) => [roomId, "sent"]).sort(),
      );
    }, PATIENCE);
  });
});

describe("rooms that lead to one another", () => {
  it("do not pass a message round, with one bot", async () => {
    await using service = await runningService(bot, {
      routes: [
        { from, to },
        { from: to, to: from },
      ],
    });
    const { eventId } = await say();
    const there = await relayed(service, eventId);
    // one that goes the other way comes after it
    const back = await say(to);
    await relayed(service, back.eventId, to);
    expect(service.store.jobs.ofSource(`${to}/${there}`)).toEqual([]);
  });

  it("nor with two", async () => {
    const other = await newBot();
    for (const roomId of [from, to]) await alice.request("invite", { roomId, userId: other.userId });
    await using there = await runningService(other, { routes: [{ from: to, to: from }] });
    await using here = await runningService(bot, { routes: [{ from, to }] });
    const { eventId } = await say();
    const relayedId = await relayed(here, eventId);
    const back = await say(to);
    await relayed(there, back.eventId, to);
    expect(there.store.inbox.has(relayedId)).toBe(false);
    expect(there.store.jobs.ofSource(`${to}/${relayedId}`)).toEqual([]);
  });
});

describe("a room that is not encrypted", () => {
  it("is relayed from only where the config names it, and nothing is relayed into it", async () => {
    const { room_id: clear } = await synapse.request<{ room_id: string }>(
      "POST",
      "/_matrix/client/v3/createRoom",
      alice.session.accessToken,
      { preset: "public_chat", invite: [bot.userId] },
    );
    const { content_uri: url } = await upload(await readFile(voice));
    const content = { msgtype: "m.audio", body: "v.ogg", url, "org.matrix.msc3245.voice": {} };
    const put = async (txn: string, message: object) =>
      (await request("PUT", clear, `send/m.room.message/${txn}`, message)).event_id as string;
    {
      await using service = await runningService(bot, { routes: [{ from: clear, to }] });
      expect(await service.service.relay.checks()).toContainEqual(
        expect.objectContaining({
          connector: clear,
          ok: false,
          message: expect.stringContaining("encrypted"),
        }),
      );
    }
    const rooms = { [clear]: { acceptClear: true } };
    await using service = await runningService(bot, { routes: [{ from: clear, to }], rooms });
    await put("text", { msgtype: "m.text", body: "no voice" });
    const eventId = await put("voice", content);
    const there = await relayed(service, eventId, clear);
    const out = join(folder, "was-clear.ogg");
    expect(await alice.request("receive_voice", { roomId: to, eventId: there, out })).toMatchObject({
      decrypted: true,
    });
    expect(await service.service.relay.checks()).not.toContainEqual(expect.objectContaining({ ok: false }));
    await service.service.reload({
      ...service.sotto.account.config,
      routes: [{ from: to, to: clear, announce: false, priority: "normal", onMissed: "leave" }],
    });
    await vi.waitFor(
      async () =>
        expect(await service.service.relay.checks()).toContainEqual(
          expect.objectContaining({
            connector: clear,
            ok: false,
            message: expect.stringContaining("encrypted"),
          }),
        ),
      PATIENCE,
    );
  });

  async function upload(bytes: Buffer): Promise<{ content_uri: string }> {
    const answer = await fetch(`${synapse.baseUrl}/_matrix/media/v3/upload`, {
      method: "POST",
      headers: { authorization: `Bearer ${alice.session.accessToken}`, "content-type": "audio/ogg" },
      body: new Uint8Array(bytes),
    });
    return (await answer.json()) as { content_uri: string };
  }
});

describe("signals, where the config asks for them", () => {
  const SIGNALS = [/\/send\/m\.reaction\//, /\/receipt\/m\.read\//, /\/typing\//];
  const seen = (since: number) =>
    SIGNALS.map((signal) => proxy.requests.slice(since).filter(({ path }) => signal.test(path)));

  async function reacted(eventId: string, key: string): Promise<void> {
    for (;;) {
      const { content } = await alice.request("wait_event", { roomId: from, kind: "m.reaction" });
      const relation = content["m.relates_to"] as Record<string, unknown>;
      if (relation.event_id !== eventId) continue;
      expect(relation).toEqual({ rel_type: "m.annotation", event_id: eventId, key });
      return;
    }
  }

  it("say in clear that a voice message was taken and is where it should be", async () => {
    const signals = { reactions: true, receipts: true, typing: true };
    await using service = await runningService(bot, { routes: [{ from, to }], rooms: {}, signals });
    const { eventId } = await say();
    await relayed(service, eventId);
    await reacted(eventId, "✔");
    await vi.waitFor(() => {
      const [reactions, receipts, typing] = seen(0);
      expect(reactions).toHaveLength(new Set(reactions?.map(({ path }) => path)).size);
      expect(receipts?.some(({ path }) => path.includes(encodeURIComponent(eventId)))).toBe(true);
      const there = typing?.filter(({ path }) => path.includes(encodeURIComponent(to)));
      expect(there?.map(({ body }) => JSON.parse(body.toString()).typing)).toEqual(
        expect.arrayContaining([true, false]),
      );
    }, PATIENCE);
  });

  it("say that one was given up", async () => {
    const signals = { reactions: true };
    await using service = await runningService(bot, { routes: [{ from, to: "hand" }], signals });
    service.hand.refusals.push(new SottoError("AUDIO_TOO_LARGE", "never"));
    const { eventId } = await say();
    await reacted(eventId, "✖");
  });

  it("and are not there else", async () => {
    await using service = await runningService(bot, { routes: [{ from, to }], signals: {} });
    const before = proxy.requests.length;
    const { eventId } = await say();
    await relayed(service, eventId);
    await vi.waitFor(() => expect(service.store.inbox.has(eventId)).toBe(false), PATIENCE);
    expect(seen(before)).toEqual([[], [], []]);
  });
});
