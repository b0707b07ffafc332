import { copyFile, mkdtemp, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Bot } from "../support/bot.ts";
import { jobsOf } from "../support/outbox.ts";
import { record } from "../support/recordings.ts";
import { isSend, isUpload, sentBy } from "../support/room-events.ts";
import { runningService } from "../support/running-service.ts";
import { type Listener, openWorld } from "../support/world.ts";

// What a connector brings for a room whose bridge takes voice messages of 30 seconds.

const { folder, synapse, newConversation, proxy } = await openWorld();
const PATIENCE = { timeout: 60_000, interval: 50 };
let bot: Bot;
let listener: Listener;
let speech: string;

beforeAll(async () => {
  ({ bot, listener } = await newConversation());
  const sound = "anoisesrc=duration=80:seed=78:amplitude=0.4,tremolo=f=0.1666:d=1";
  speech = await record("a-speech-on-the-machine.wav", sound);
});

async function bridgedRoom(): Promise<string> {
  const { roomId } = await listener.request("create_room", { invite: [bot.userId] });
  const content = { file: { "org.matrix.msc3245.voice": { max_duration: 30 } } };
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state/com.beeper.room_features/`;
  await synapse.request("PUT", path, listener.session.accessToken, content);
  return roomId;
}

/** What the room says, in its order. */
async function said(roomId: string): Promise<Record<string, unknown>[]> {
  const events = await sentBy(synapse, roomId, listener.session.accessToken, bot.userId);
  const heard: Record<string, unknown>[] = [];
  for (const { event_id: eventId } of events)
    heard.push((await listener.request("wait_event", { roomId, eventId })).content);
  return heard;
}

describe("a recording that is too long, on a route that splits", () => {
  it("arrives in parts, announced once, before what was brought behind it", async () => {
    const roomId = await bridgedRoom();
    const route = { from: "hand", to: roomId, announce: true, audio: { split: true } };
    await using service = await runningService(bot, { routes: [route] });
    const bring = async (id: string, path: string, caller?: string) =>
      service.hand.intake.take({
        ...{ id, source: { bytes: await readFile(path) } },
        ...(caller !== undefined && { about: { caller } }),
      });
    const short = await record("a-word-behind-it.wav");
    const long = await bring("long", speech, "Ann");
    const behind = await bring("short", short);
    await vi.waitFor(async () => {
      expect(await service.hand.intake.job(behind.jobs[0]!)).toMatchObject({ state: "sent" });
    }, PATIENCE);
    expect(await service.hand.intake.job(long.jobs[0]!)).toMatchObject({ state: "sent" });
    const heard = await said(roomId);
    const parts = [1, 2, 3].map((part) => expect.stringMatching(new RegExp(` \\(${part} of 3\\)\\.ogg$`)));
    const whole = expect.not.stringContaining(" of ");
    expect(heard.map(({ body }) => body)).toEqual(["Voice message from Ann", ...parts, whole]);
    const lengths = heard.slice(1, 4).map(({ info }) => (info as { duration: number }).duration);
    expect(Math.max(...lengths)).toBeLessThanOrEqual(30_000);
    expect(Math.abs(lengths.reduce((sum, ms) => sum + ms, 0) - 80_000)).toBeLessThanOrEqual(3);
  });

  it("is refused on a route that does not", async () => {
    const roomId = await bridgedRoom();
    await using service = await runningService(bot, { routes: [{ from: "hand", to: roomId }] });
    const { jobs } = await service.hand.intake.take({ id: "refused", source: { path: speech } });
    await vi.waitFor(async () => {
      expect(await service.hand.intake.job(jobs[0]!)).toMatchObject({
        ...{ state: "failed", error: { code: "AUDIO_TOO_LARGE" } },
      });
    }, PATIENCE);
  });

  it.each([
    ["its first upload", "first", isUpload, 1],
    ["its second part", "second", isSend, 2],
  ] as const)("is there once, though the service is killed at %s", async (_where, name, matches, nth) => {
    const roomId = await bridgedRoom();
    const inbox = await mkdtemp(join(folder, "inbox-"));
    // the same recording a second time would be the same one for a connector
    bot.configure({
      connectors: { [name]: { type: "folder", path: inbox, settle: "1s" } },
      routes: [{ from: name, to: roomId, audio: { split: true } }],
    });
    await copyFile(speech, join(inbox, ".speech.wav"));
    await rename(join(inbox, ".speech.wav"), join(inbox, "speech.wav"));
    let left: number = nth;
    const reached = proxy.next((request) => matches(request) && --left === 0, "hang after");
    const service = bot.start(["run"]);
    await reached;
    await service.end("SIGKILL");
    proxy.passOnEverything();

    const next = bot.start(["run"]);
    const inRoom = () => sentBy(synapse, roomId, listener.session.accessToken, bot.userId);
    await vi.waitFor(async () => expect(await inRoom()).toHaveLength(3), PATIENCE);
    expect((await next.end("SIGTERM")).code).toBe(0);
    const bodies = (await said(roomId)).map(({ body }) => String(body));
    expect(bodies.map((body) => /\((\d) of 3\)/.exec(body)?.[1])).toEqual(["1", "2", "3"]);
    const ofRoom = jobsOf(bot).filter(({ room_id }) => room_id === roomId);
    expect(ofRoom.map(({ state }) => state)).toEqual(["sent", "sent", "sent"]);
  });
});
