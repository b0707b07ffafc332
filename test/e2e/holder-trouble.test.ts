import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { Sotto } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { jobsOf } from "../support/outbox.ts";
import { record } from "../support/recordings.ts";
import { isSend, isSync, isUpload, sentBy } from "../support/room-events.ts";
import { endAllSotto, errorOf, type RunningSotto, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// The process that holds the store ends, or is told to, while others count on it.

const { folder, newBot, newConversation, proxy, synapse } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;
let voice: string;
/** Takes seconds to encode. */
let lecture: string;

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
  voice = await record("knock-knock.wav");
  lecture = await record(
    "a-whole-lecture.wav",
    "anoisesrc=duration=1800:seed=3:amplitude=0.3",
    "-ar",
    "8000",
  );
  resultOf(await bot.run(["send", voice, "--room", roomId]));
});

afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

const say = () => listener.request("send_voice", { roomId, file: voice, durationMs: 1500 });
const sent = async () =>
  (await sentBy(synapse, roomId, listener.session.accessToken, bot.userId)).map(({ event_id }) => event_id);
const until = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));
/** Before the first piece of a recording is kept. */
const asksForLimit = ({ path }: { path: string }): boolean => path.endsWith("/media/config");
const isPolling = (request: { path: string }): boolean =>
  isSync(request) && request.path.includes("timeout=30000");

async function startService(env: NodeJS.ProcessEnv = {}): Promise<RunningSotto> {
  const polling = proxy.arrival(isPolling);
  const service = bot.start(["run"], { env });
  await service.says('"message":"running"');
  await polling;
  return service;
}

/** What a promise came to, or "waits". */
const soon = <T>(promise: Promise<T>): Promise<T | "waits"> =>
  Promise.race([promise, until(10_000).then(() => "waits" as const)]);

describe("the service is killed", () => {
  it("before it accepted a recording: the command sends it by itself, once", async () => {
    const [jobs, events] = [jobsOf(bot).length, await sent()];
    const service = await startService();
    const spooling = proxy.next(asksForLimit, "hang before");
    const sending = bot.start(["send", voice, "--room", roomId]);
    await spooling;
    await service.end("SIGKILL");
    const { eventId } = resultOf<{ eventId: string }>(await sending.ended);
    expect(jobsOf(bot)).toHaveLength(jobs + 1);
    expect(await sent()).toEqual([...events, eventId]);
  });

  it("before it accepted standard input: says that nothing was accepted", async () => {
    const service = await startService();
    const spooling = proxy.next(asksForLimit, "hang before");
    const sending = bot.start(["send", "-", "--room", roomId], { input: await readFile(voice) });
    await spooling;
    await service.end("SIGKILL");
    const error = errorOf(await sending.ended);
    expect(error).toMatchObject({ code: "STORE_HELD", cure: "try again" });
    expect(error.message).toContain("nothing was accepted");
  });

  it("while it uploads what it has accepted: says so, and the next one sends it, once", async () => {
    const events = await sent();
    const service = await startService();
    const uploading = proxy.next(isUpload, "hang before");
    const sending = bot.start(["send", voice, "--room", roomId]);
    await uploading;
    await service.end("SIGKILL");
    expect(errorOf(await sending.ended)).toMatchObject({
      code: "SEND_UNCERTAIN",
      cure: expect.stringContaining("do not send it again"),
    });
    const completed = proxy.next(isSend);
    await startService();
    await completed;
    await endAllSotto();
    expect(await sent()).toHaveLength(events.length + 1);
  });
});

describe("the service is told to end", () => {
  it("while a command gives it nothing: ends, and the command waits on by itself", async () => {
    const service = await startService();
    const sending = bot.start(["send", "-", "--room", roomId], { input: "silent" });
    await until(1_500);
    expect(await soon(service.end("SIGTERM"))).toMatchObject({ code: 0 });
    expect(await Promise.race([sending.ended, until(1_500).then(() => "waits")])).toBe("waits");
    const ended = await soon(sending.end("SIGTERM"));
    expect(ended).not.toBe("waits");
    expect(errorOf(ended as Exclude<typeof ended, "waits">)).toMatchObject({ code: "INTERRUPTED" });
  });
});

describe("a folder instead of a recording", () => {
  it("is refused the same way with and without a service", async () => {
    const args = ["send", folder, "--room", roomId];
    expect(errorOf(await bot.run(args))).toMatchObject({ code: "AUDIO_UNREADABLE", exitCode: 2 });
    await startService();
    expect(errorOf(await bot.run(args))).toMatchObject({ code: "AUDIO_UNREADABLE", exitCode: 2 });
  });
});

it("a command hears why it was refused, though the service has not read the recording to its end", async () => {
  await startService({ SOTTO_FFMPEG: "/nowhere/ffmpeg" });
  const error = errorOf(await bot.run(["send", lecture, "--room", roomId]));
  expect(error).toMatchObject({ code: "FFMPEG_MISSING", exitCode: 3 });
});

describe("a send that is interrupted", () => {
  it.each(["SIGINT", "SIGTERM"] as const)("by %s while it encodes sends nothing", async (signal) => {
    const jobs = jobsOf(bot).length;
    const syncing = proxy.arrival(isSync);
    const sending = bot.start(["send", lecture, "--room", roomId]);
    await syncing;
    const ended = await soon(sending.end(signal));
    expect(errorOf(ended as Exclude<typeof ended, "waits">)).toMatchObject({
      code: "INTERRUPTED",
      exitCode: 3,
    });
    expect(jobsOf(bot)).toHaveLength(jobs);
  });

  it.each(["with", "without"])("while standard input is silent, %s a service, ends", async (service) => {
    if (service === "with") await startService();
    const syncing = proxy.arrival(isSync);
    const sending = bot.start(["send", "-", "--room", roomId], { input: "silent" });
    await (service === "with" ? until(1_500) : syncing);
    const ended = await soon(sending.end("SIGTERM"));
    expect(ended).not.toBe("waits");
    expect(errorOf(ended as Exclude<typeof ended, "waits">)).toMatchObject({ code: "INTERRUPTED" });
  });
});

describe("a program that closes Sotto", () => {
  it("while a handler runs does not get the message again", async () => {
    const sotto = await Sotto.open(bot.config);
    const begun = Promise.withResolvers<void>();
    const seen: string[] = [];
    sotto.onVoice(async ({ eventId }) => {
      begun.resolve();
      await until(1_000);
      seen.push(eventId);
    });
    const { eventId } = await say();
    await begun.promise;
    await sotto.close();
    expect(seen).toEqual([eventId]);

    const again = await Sotto.open(bot.config);
    again.onVoice((message) => void seen.push(message.eventId));
    const { eventId: next } = await say();
    while (!seen.includes(next)) await until(50);
    await again.close();
    expect(seen).toEqual([eventId, next]);
  });

  it("in a handler does not wait for itself", async () => {
    const sotto = await Sotto.open(bot.config);
    const closed = Promise.withResolvers<string>();
    sotto.onVoice(async ({ eventId }) => {
      await sotto.close();
      closed.resolve(eventId);
    });
    const { eventId } = await say();
    expect(await soon(closed.promise)).toBe(eventId);
    await sotto.close();
    await using again = await Sotto.open(bot.config);
    expect(again.account.store.inbox).toBeDefined();
  });

  it("while it reads a silent stream is told so", async () => {
    const sotto = await Sotto.open(bot.config);
    const sending = sotto.sendVoice(roomId, { stream: new PassThrough() });
    const refused = expect(sending).rejects.toMatchObject({ code: "STOPPED" });
    await until(500);
    await sotto.close();
    await refused;
  });
});

describe("a token that is rejected", () => {
  it("while a handler runs does not end the program", async () => {
    const other = await newBot();
    const { roomId: room } = await listener.request("create_room", { invite: [other.userId] });
    resultOf(await other.run(["send", voice, "--room", room]));
    const sotto = await Sotto.open(other.config);
    const handled = Promise.withResolvers<void>();
    sotto.onVoice(async () => {
      await synapse.request("POST", "/_matrix/client/v3/logout/all", other.accessToken, {});
      await until(1_500);
      handled.resolve();
    });
    await listener.request("send_voice", { roomId: room, file: voice, durationMs: 1500 });
    await handled.promise;
    await sotto.close();
  });
});

it("received recordings of any size reach a command through the service", async () => {
  await startService();
  const out = join(folder, "large");
  const receiving = bot.start(["receive", "--out", out, "--count", "1", "--timeout", "60"]);
  await listener.request("send_voice", { roomId, file: lecture, durationMs: 1_800_000 });
  const { file } = resultOf<{ file: string }>(await receiving.ended);
  expect((await readFile(file)).equals(await readFile(lecture))).toBe(true);
});
