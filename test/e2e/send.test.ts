import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { type Bot } from "../support/bot.ts";
import { examine, isOggOpus, keep, record } from "../support/recordings.ts";
import { resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";
import type { SendResult } from "../../src/index.ts";

const { folder, newBot, newListener, newDevice, proxy } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;

beforeAll(async () => {
  [bot, listener] = await Promise.all([newBot(), newListener()]);
  ({ roomId } = await listener.request("create_room", { invite: [bot.userId] }));
});

const inputs: [string, string, ...string[]][] = [
  ["a-telephone.wav", "sine=frequency=440:duration=2:sample_rate=8000"],
  ["a-podcast.mp3", "sine=frequency=300:duration=3:sample_rate=44100", "-ac", "2"],
  ["a-messenger.ogg", "sine=frequency=600:duration=1:sample_rate=48000", "-c:a", "libopus"],
];

describe("a recording becomes a voice message that another client decrypts", () => {
  it.each(inputs)("%s", async (name, lavfi, ...options) => {
    const path = await record(name, lavfi, ...options);
    const result = resultOf<SendResult>(await bot.run(["send", path, "--room", roomId]));
    const out = join(folder, name);
    const heard = await listener.request("receive_voice", { roomId, eventId: result.eventId, out });
    expect(heard.content).toEqual({ x: 1 });
  });
});
