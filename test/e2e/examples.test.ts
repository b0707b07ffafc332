import { execFile } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Bot } from "../support/bot.ts";
import { examine, record } from "../support/recordings.ts";
import { endAllSotto, startProgram } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// Every program of examples/, as it stands there, on the sources; the packed one is tested by test/consumer.

const { folder, newConversation } = await openWorld();
const EXAMPLES = join(import.meta.dirname, "../../examples");
const FROM_SOURCE = `--import ${join(import.meta.dirname, "../support/sotto-from-source.mjs")}`;
const PATIENCE = { timeout: 30_000, interval: 50 };
let bot: Bot;
let listener: Listener;
let roomId: string;
let voice: string;

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
  voice = await record("for-examples.ogg", undefined, "-c:a", "libopus");
});

const start = (name: string, ...args: string[]) =>
  startProgram(join(EXAMPLES, name), args, { cwd: bot.home, env: { NODE_OPTIONS: FROM_SOURCE } });

afterEach(endAllSotto);

/** The bot's next voice message, decrypted by the independent client; and which event it answers. */
async function heard(): Promise<{ eventId: string; answers: unknown }> {
  const out = join(folder, "heard.ogg");
  const event = await listener.request("receive_voice", { roomId, sender: bot.userId, out });
  expect((await examine(out)).stream).toMatch(/opus/);
  const relation = event.content["m.relates_to"] as { "m.in_reply_to"?: { event_id: string } } | undefined;
  return { eventId: event.eventId, answers: relation?.["m.in_reply_to"]?.event_id };
}

describe("examples/", () => {
  it("send-voice.mjs sends, and says who can play it", async () => {
    const { code, stdout } = await start("send-voice.mjs", roomId, voice).ended;
    const { eventId } = await heard();
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${eventId}: 1 devices can play it\n` });
  });

  it("echo-bot.mjs says a voice message back", async () => {
    const echo = start("echo-bot.mjs");
    const said = await record("say-it-again.ogg", undefined, "-c:a", "libopus");
    const { eventId } = await listener.request("send_voice", { roomId, file: said, durationMs: 1500 });
    expect(await heard()).toMatchObject({ answers: eventId });
    expect(await echo.end("SIGTERM")).toMatchObject({ code: 0, stderr: "" });
  });

  it("voice-bot.mjs answers a word with a sound", async () => {
    const sounds = join(folder, "sounds");
    await mkdir(sounds);
    const ding = await record("ding-dong.ogg", undefined, "-c:a", "libopus");
    await copyFile(ding, join(sounds, "bell.ogg"));
    const answering = start("voice-bot.mjs", sounds);
    await listener.request("send_text", { roomId, body: "!silence" });
    const { eventId } = await listener.request("send_text", { roomId, body: "!bell" });
    expect(await heard()).toMatchObject({ answers: eventId });
    expect(await answering.end("SIGTERM")).toMatchObject({ code: 0 });
  });

  it("own-service.ts relays what its own connector takes", async () => {
    bot.configure({
      connectors: { bell: { type: "socket", path: "./bell.sock" } },
      routes: [{ from: "bell", to: roomId }],
    });
    const service = start("own-service.ts");
    const rung = await readFile(await record("at-the-socket.ogg", undefined, "-c:a", "libopus"));
    const answer = await vi.waitFor(() => ring(join(bot.home, "bell.sock"), "ring 1\n", rung), PATIENCE);
    expect(answer).toBe("taken\n");
    expect(await heard()).toMatchObject({ answers: undefined });
    expect(await service.end("SIGTERM")).toMatchObject({ code: 0, stderr: "" });
  });

  it("own-connector.test.ts: it keeps the contract", async () => {
    const args = [...FROM_SOURCE.split(" "), "--test", join(EXAMPLES, "own-connector.test.ts")];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toMatch(/\bpass \d\d/);
  });
});

async function ring(path: string, ...pieces: (string | Uint8Array)[]): Promise<string> {
  const bell = connect({ path, allowHalfOpen: true });
  await once(bell, "connect");
  for (const piece of pieces) bell.write(piece);
  bell.end();
  return text(bell);
}
