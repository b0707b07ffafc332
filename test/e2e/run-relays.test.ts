import { copyFile, mkdir, mkdtemp, readdir, rename } from "node:fs/promises";
import { basename, join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { SendResult, Why } from "../../src/index.ts";
import type { QueueList } from "../../src/service/queue.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { sentBy } from "../support/room-events.ts";
import { type RunningSotto, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// One service that relays, and what is asked of it meanwhile: by commands, and by signals.

const { folder, newConversation, proxy, synapse } = await openWorld();
const PATIENCE = { timeout: 60_000, interval: 100 };
let bot: Bot;
let listener: Listener;
let roomId: string;
let inbox: string;

beforeEach(async () => {
  ({ bot, listener, roomId } = await newConversation());
  inbox = await mkdtemp(join(folder, "inbox-"));
  bot.configure({
    connectors: { inbox: { type: "folder", path: inbox, settle: "1s" } },
    routes: [{ from: "inbox", to: roomId }],
  });
});

async function startService(): Promise<RunningSotto> {
  const service = bot.start(["run"]);
  await service.says('"message":"running"');
  return service;
}

/** The recording is in the folder at once, and whole. */
async function drop(recording: string, into = inbox): Promise<void> {
  const hidden = join(into, `.${basename(recording)}`);
  await copyFile(recording, hidden);
  await rename(hidden, join(into, basename(recording)));
}

const queue = async (): Promise<QueueList> => resultOf<QueueList>(await bot.run(["queue", "list"]));
const voices = async (): Promise<string[]> =>
  (await sentBy(synapse, roomId, listener.session.accessToken, bot.userId)).map(({ event_id }) => event_id);
const sent = (count: number): Promise<void> =>
  vi.waitFor(async () => expect(await voices()).toHaveLength(count), PATIENCE);

describe("commands beside a service that relays", () => {
  it("send, why, queue list and rotate are carried out, and no recording is lost or sent twice", async () => {
    const service = await startService();
    const recordings = await Promise.all(
      [1, 2, 3, 4].map((seed) =>
        record(`relayed-by-folder-${seed}.wav`, `anoisesrc=duration=1.5:seed=${seed}:amplitude=0.3`),
      ),
    );
    const dropping = (async () => {
      for (const recording of recordings) await drop(recording);
    })();
    const own = await record("by-hand-meanwhile.wav");
    const sending = bot.run(["send", own, "--room", roomId]);
    const { eventId } = resultOf<SendResult>(await sending);
    const why = resultOf<Why>(await bot.run(["why", eventId]));
    expect(why.devices).toContainEqual(expect.objectContaining({ userId: listener.userId, canRead: true }));
    expect(await queue()).toMatchObject({ jobs: expect.any(Array) });
    const rotated = await bot.run(["rotate", roomId]);
    expect(rotated.code).toBe(0);
    const after = resultOf<SendResult>(await bot.run(["send", own, "--room", roomId]));
    expect(resultOf<Why>(await bot.run(["why", after.eventId])).sessionId).not.toBe(why.sessionId);
    await dropping;
    await sent(recordings.length + 2);
    await vi.waitFor(async () => expect((await queue()).jobs).toEqual([]), PATIENCE);
    for (const event of await voices()) {
      const heard = await listener.request("wait_event", { roomId, eventId: event, kind: "m.audio" });
      expect(heard.decrypted).toBe(true);
    }
    const ended = await service.end("SIGTERM");
    expect(ended.code).toBe(0);
    expect(await voices()).toHaveLength(recordings.length + 2);
  });
});

describe("SIGHUP", () => {
  it("takes up a route that is new, and no config that is wrong: what there was goes on", async () => {
    const service = await startService();
    const further = join(inbox, "further");
    await mkdir(further);
    const connectors = {
      inbox: { type: "folder", path: inbox, settle: "1s" },
      further: { type: "folder", path: further, settle: "1s" },
    };
    const routes = [
      { from: "inbox", to: roomId },
      { from: "further", to: roomId },
    ];
    bot.configure({ connectors, routes });
    process.kill(service.pid, "SIGHUP");
    await service.says("connectors and routes were read again");
    await drop(await record("by-the-new-route.wav"), further);
    await sent(1);

    bot.configure({ connectors, routes: [...routes, { from: "nowhere", to: roomId }] });
    process.kill(service.pid, "SIGHUP");
    await service.says("the config was not taken up");
    await drop(await record("by-the-new-route-again.wav"), further);
    await drop(await record("by-the-old-route.wav"));
    await sent(3);
    const { code, stderr } = await service.end("SIGTERM");
    expect(code).toBe(0);
    expect(stderr).toContain('"code":"CONFIG_INVALID"');
    expect(stderr).toContain("nowhere");
  });
});

describe("SIGTERM", () => {
  it("while a recording is encoded loses nothing: this service sends it or the next one, once", async () => {
    const service = await startService();
    // some seconds of work
    await drop(await record("a-long-talk.wav", "anoisesrc=duration=600:sample_rate=8000:amplitude=0.2"));
    const taken = () => readdir(join(bot.data, "spool"));
    await vi.waitFor(async () => expect(await taken()).toHaveLength(1), PATIENCE);
    expect((await service.end("SIGTERM")).code).toBe(0);
    const next = await startService();
    await sent(1);
    await vi.waitFor(async () => expect((await queue()).jobs).toEqual([]), PATIENCE);
    expect((await next.end("SIGTERM")).code).toBe(0);
    expect(await voices()).toHaveLength(1);
  });

  it("while a recording is uploaded loses nothing, and sends nothing twice", async () => {
    const service = await startService();
    const uploading = proxy.arrival(({ path }) => path.startsWith("/_matrix/media/v3/upload"));
    await drop(await record("on-its-way-up.wav"));
    await uploading;
    expect((await service.end("SIGTERM")).code).toBe(0);
    const next = await startService();
    await sent(1);
    await vi.waitFor(async () => expect((await queue()).jobs).toEqual([]), PATIENCE);
    expect((await next.end("SIGTERM")).code).toBe(0);
    expect(await voices()).toHaveLength(1);
  });
});
