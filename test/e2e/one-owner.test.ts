import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { record } from "../support/recordings.ts";
import { isSync, sentBy } from "../support/room-events.ts";
import { endAllSotto, errorOf, linesOf, type RunningSotto, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// One process holds the store, and every other command is served by it.

const { folder, newConversation, proxy, synapse } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;
let voice: string;

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
  voice = await record("the-doorbell.wav");
  resultOf(await bot.run(["send", voice, "--room", roomId]));
});

afterEach(endAllSotto);

const sendArguments = () => ["send", voice, "--room", roomId];
const send = async () => resultOf<SendResult>(await bot.run(sendArguments()));
const hears = ({ eventId }: SendResult) =>
  listener.request("wait_event", { roomId, eventId, kind: "m.audio" });
const sentEvents = async () =>
  (await sentBy(synapse, roomId, listener.session.accessToken, bot.userId)).map((event) => event.event_id);

async function startService(): Promise<RunningSotto> {
  const service = bot.start(["run"]);
  await service.says('"message":"running"');
  return service;
}

describe("two doorbells in the same second", () => {
  it("both ring: exactly two events, and both commands say which", async () => {
    const before = await sentEvents();
    const [first, second] = await Promise.all([send(), send()]);
    expect(first.txnId).not.toBe(second.txnId);
    await Promise.all([hears(first), hears(second)]);
    const rung = (await sentEvents()).slice(before.length);
    expect(rung.toSorted()).toEqual([first.eventId, second.eventId].toSorted());
  });

  it("eight of them ring too", async () => {
    const before = await sentEvents();
    const results = await Promise.all(Array.from({ length: 8 }, send));
    const rung = (await sentEvents()).slice(before.length);
    expect(rung.toSorted()).toEqual(results.map(({ eventId }) => eventId).toSorted());
  });
});

describe("beside the running service", () => {
  it("send is served by it, and never opens the store", async () => {
    const service = await startService();
    const socket = statSync(join(bot.data, "control.sock"));
    expect(socket.isSocket()).toBe(true);
    expect(socket.mode & 0o777).toBe(0o600);

    await hears(await send());
    // standard input and a relative path mean those of the command, not of the service
    const piped = await bot.run(["send", "-", "--room", roomId], { input: await readFile(voice) });
    await hears(resultOf<SendResult>(piped));
    const near = await bot.run(["send", "the-doorbell.wav", "--room", roomId], { cwd: join(voice, "..") });
    await hears(resultOf<SendResult>(near));
    const error = errorOf(await bot.run(["send", voice, "--room", `#nowhere:${synapse.serverName}`]));
    expect(error).toMatchObject({ exitCode: 1, code: "ROOM_NOT_FOUND" });

    const ended = await service.end("SIGTERM");
    expect(ended.code).toBe(0);
    expect(ended.stderr).not.toContain('"level":"error"');
    expect(existsSync(join(bot.data, "control.sock"))).toBe(false);
  });

  it("receive gets what comes, while others send", async () => {
    const service = await startService();
    const receiving = bot.start(["receive", "--out", join(folder, "beside"), "--count", "1"]);
    await hears(await send());
    const { eventId } = await listener.request("send_voice", { roomId, file: voice, durationMs: 1500 });
    const outcome = await receiving.ended;
    expect(linesOf<{ eventId: string }>(outcome).map((line) => line.eventId)).toEqual([eventId]);
    expect(outcome.code).toBe(0);
    expect((await service.end("SIGTERM")).code).toBe(0);
  });

  it("SIGTERM lets a message that it has taken on reach its room", async () => {
    const service = await startService();
    const uploaded = proxy.arrival(({ path }) => path.startsWith("/_matrix/media/v3/upload"));
    const sending = bot.start(sendArguments());
    await uploaded;
    expect((await service.end("SIGTERM")).code).toBe(0);
    await hears(resultOf<SendResult>(await sending.ended));
  });

  it("kill -9 of the service: the next command takes over", async () => {
    const service = await startService();
    await service.end("SIGKILL");
    expect(existsSync(join(bot.data, "control.sock"))).toBe(true);
    await hears(await send());
  });

  it("a second service is refused", async () => {
    const service = await startService();
    const error = errorOf(await bot.start(["run"]).ended);
    expect(error).toMatchObject({ code: "STORE_HELD", exitCode: 3 });
    expect((await service.end("SIGTERM")).code).toBe(0);
  });
});

describe("a receive that waits for news", () => {
  it("serves a send, and gets its message after that", async () => {
    const polling = proxy.arrival((request) => isSync(request) && request.path.includes("timeout=30000"));
    const receiving = bot.start(["receive", "--out", join(folder, "waiting"), "--count", "1"]);
    await Promise.race([polling, receiving.ended]);
    await hears(await send());
    const { eventId } = await listener.request("send_voice", { roomId, file: voice, durationMs: 1500 });
    expect(linesOf<{ eventId: string }>(await receiving.ended)[0]?.eventId).toBe(eventId);
  });
});
