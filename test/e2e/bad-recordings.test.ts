import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { jobsOf } from "../support/outbox.ts";
import { record, secretWord } from "../support/recordings.ts";
import { isSend } from "../support/room-events.ts";
import { errorOf, resultOf, type SottoOptions } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// What bad input gets: a short error with a code, the cause and the cure; nothing sent, nothing lost.

const { folder, newConversation, proxy, synapse } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;
let voice: string;

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
  voice = await record("a-good-recording.wav");
});

/** Sends and expects a refusal that leaves neither a request to a room nor a job behind. */
async function refuse(audio: string, room: string, options?: SottoOptions) {
  const before = proxy.requests.length;
  const error = errorOf(await bot.run(["send", audio, "--room", room], options));
  expect(proxy.requests.slice(before).filter(isSend)).toEqual([]);
  expect(jobsOf(bot).filter(({ state }) => state !== "sent")).toEqual([]);
  expect(error.cure).not.toBe("");
  return error;
}

function file(name: string, content: string): string {
  const path = join(folder, secretWord(name));
  writeFileSync(path, content);
  return path;
}

describe("a recording that is none", () => {
  it("without a byte", async () => {
    const empty = file("empty-by-accident.wav", "");
    expect(await refuse(empty, roomId)).toMatchObject({ code: "AUDIO_EMPTY", exitCode: 2 });
  });

  it("without a byte, on standard input", async () => {
    expect(await refuse("-", roomId)).toMatchObject({ code: "AUDIO_EMPTY", exitCode: 2 });
  });

  it("that is a text, whatever its name says", async () => {
    const text = file("shopping-list.ogg", "bread\nbutter\n".repeat(100));
    const error = await refuse(text, roomId);
    expect(error).toMatchObject({ code: "AUDIO_NOT_AUDIO", exitCode: 2 });
    expect(error.cause).toBeTruthy();
  });

  it("that is not there", async () => {
    const error = await refuse(join(folder, "never-recorded.wav"), roomId);
    expect(error).toMatchObject({
      code: "AUDIO_UNREADABLE",
      exitCode: 2,
      cure: expect.stringMatching("path"),
    });
  });

  it("that is a directory", async () => {
    const directory = join(folder, "a-directory.wav");
    mkdirSync(directory);
    expect(await refuse(directory, roomId)).toMatchObject({ code: "AUDIO_UNREADABLE", exitCode: 2 });
  });

  it("where there is no ffmpeg", async () => {
    const env = { PATH: folder, SOTTO_FFMPEG: undefined };
    const error = await refuse(voice, roomId, { env });
    expect(error).toMatchObject({ code: "FFMPEG_MISSING", exitCode: 3 });
    expect(error.cure).toContain("install ffmpeg");
  });
});

describe("a room", () => {
  async function createRoom(options: object): Promise<string> {
    const answer = await synapse.request<{ room_id: string }>(
      "POST",
      "/_matrix/client/v3/createRoom",
      listener.session.accessToken,
      options,
    );
    return answer.room_id;
  }

  it("that does not exist", async () => {
    // as room IDs are since version 12: no server name in them. A homeserver does not tell strangers what exists
    const error = await refuse(voice, "!31hneApxJ_1o-63DmFrpeqnkFfWppnzWso1JvH3ogLM");
    expect(error).toMatchObject({ code: "ROOM_NOT_JOINED", exitCode: 1 });
    expect(error.message).toContain("no such room");
  });

  it("whose alias leads nowhere", async () => {
    const error = await refuse(voice, `#nowhere:${synapse.serverName}`);
    expect(error).toMatchObject({ code: "ROOM_NOT_FOUND", exitCode: 1 });
  });

  it("of a person who does not exist", async () => {
    const error = await refuse(voice, `@nobody-at-all:${synapse.serverName}`);
    expect(error).toMatchObject({ code: "ROOM_NOT_FOUND", exitCode: 1 });
  });

  it("that is no room's name at all", async () => {
    expect(await refuse(voice, "kitchen")).toMatchObject({ code: "USAGE", exitCode: 2 });
  });

  it("that we are not invited to", async () => {
    const room = await createRoom({ preset: "private_chat" });
    const error = await refuse(voice, room);
    expect(error).toMatchObject({ code: "ROOM_NOT_JOINED", exitCode: 1 });
    expect(error.cure).toContain("invite");
  });

  it("that we were thrown out of", async () => {
    const room = await createRoom({ preset: "private_chat", invite: [bot.userId] });
    resultOf(await bot.run(["send", voice, "--room", room]));
    await synapse.request(
      "POST",
      `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/ban`,
      listener.session.accessToken,
      { user_id: bot.userId },
    );
    expect(await refuse(voice, room)).toMatchObject({ code: "ROOM_NOT_JOINED", exitCode: 1 });
  });

  it("that is not encrypted", async () => {
    const room = await createRoom({ preset: "public_chat", invite: [bot.userId] });
    const error = await refuse(voice, room);
    expect(error).toMatchObject({ code: "ROOM_NOT_ENCRYPTED", exitCode: 1 });
    expect(error.cure).toContain("encryption");
  });

  it("that we may not write to, until we may", async () => {
    const levels = { events_default: 50, users: { [listener.userId]: 100 } };
    const room = await createRoom({
      preset: "private_chat",
      room_version: "11", // from version 12 on, a creator must not be among the users
      invite: [bot.userId],
      power_level_content_override: levels,
    });
    const error = errorOf(await bot.run(["send", voice, "--room", room]));
    expect(error).toMatchObject({ code: "ROOM_FORBIDDEN", exitCode: 1 });
    expect(error.cure).toContain("power level");

    await synapse.request(
      "PUT",
      `/_matrix/client/v3/rooms/${encodeURIComponent(room)}/state/m.room.power_levels/`,
      listener.session.accessToken,
      { ...levels, events_default: 0 },
    );
    const { eventId } = resultOf<SendResult>(await bot.run(["send", voice, "--room", room]));
    // the refused message was given up, because its sender was told so
    const heard = await listener.request("wait_event", { roomId: room, kind: "m.audio" });
    expect(heard.eventId).toBe(eventId);
  });
});
