import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { Sotto, SottoError, type VoiceMessage } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { decryptedBy } from "../support/in-process.ts";
import { record } from "../support/recordings.ts";
import { type Listener, openWorld } from "../support/world.ts";

// What a program that imports Sotto is promised.

const { folder, newConversation } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;
let voice: string;

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
  voice = await record("for-programs.ogg", undefined, "-c:a", "libopus");
});

const say = () => listener.request("send_voice", { roomId, file: voice, durationMs: 1500 });
const hears = ({ eventId }: { eventId: string }) =>
  listener.request("receive_voice", { roomId, eventId, out: join(folder, "heard.ogg") });

/** Resolves with the first message that the handler is given, after the handler has had it. */
function firstMessage(sotto: Sotto, handler: (message: VoiceMessage) => void = () => undefined) {
  return new Promise<VoiceMessage>((resolve) => {
    sotto.onVoice((message) => {
      resolve(message);
      handler(message);
    });
  });
}

describe("Sotto.open", () => {
  it("sends a path, bytes and a stream", async () => {
    await using sotto = await Sotto.open(bot.config);
    const bytes = await readFile(voice);
    await hears(await sotto.sendVoice(roomId, { path: voice }));
    await hears(await sotto.sendVoice(roomId, { bytes }));
    await hears(await sotto.sendVoice(roomId, { stream: Readable.from([bytes]) }));
  });

  it("sends to a person: the encrypted direct chat is made once and used again", async () => {
    await using sotto = await Sotto.open(bot.config);
    const first = await sotto.sendVoice(listener.userId, { path: voice });
    await listener.request("wait_invite", { roomId: first.roomId });
    await listener.request("join", { roomId: first.roomId });
    const second = await sotto.sendVoice(listener.userId, { path: voice });
    expect(second.roomId).toBe(first.roomId);
    const { roomId, eventId } = second;
    const heard = await listener.request("wait_event", { roomId, eventId, kind: "m.audio" });
    expect(heard.decrypted).toBe(true);
  });

  it("gives messages to onVoice, which may answer from its handler", async () => {
    await using sotto = await Sotto.open(bot.config);
    const answered = Promise.withResolvers<{ eventId: string }>();
    sotto.onVoice(async (message) => {
      const replyTo = message.eventId;
      answered.resolve(await sotto.sendVoice(message.roomId, { stream: message.stream() }, { replyTo }));
    });
    const { eventId } = await say();
    const answer = await answered.promise;
    await hears(answer);
    const { event } = await listener.request("raw_event", { roomId, eventId: answer.eventId });
    const relation = { "m.in_reply_to": { event_id: eventId } };
    expect(event).toMatchObject({ content: { "m.relates_to": relation } });
  });

  it("describes a message fully, with its bytes, which can be had while it is handled", async () => {
    await using sotto = await Sotto.open(bot.config);
    const handled = Promise.withResolvers<{ message: VoiceMessage; bytes: Uint8Array }>();
    const saved = join(folder, "saved.ogg");
    sotto.onVoice(async (message) => {
      await message.save(saved);
      handled.resolve({ message, bytes: await message.bytes() });
    });
    const { eventId } = await say();
    const { message, bytes } = await handled.promise;
    expect(message).toMatchObject({
      eventId,
      roomId,
      sender: listener.userId,
      senderDeviceId: listener.session.deviceId,
      trust: "signed",
      durationMs: 1500,
      mimetype: "audio/ogg",
      extension: "ogg",
    });
    const spoken = await readFile(voice);
    expect(message.size).toBe(spoken.length);
    expect(spoken.equals(bytes)).toBe(true);
    expect(await readFile(saved)).toEqual(spoken);
  });

  it("gives a message again, after reopening, to a handler that threw", async () => {
    const { eventId } = await say();
    {
      await using sotto = await Sotto.open(bot.config);
      const message = await firstMessage(sotto, () => {
        throw new Error("the disk of the handler is full");
      });
      expect(message.eventId).toBe(eventId);
    }
    await using sotto = await Sotto.open(bot.config);
    expect((await firstMessage(sotto)).eventId).toBe(eventId);
  });

  it("tells of what it does not hand on", async () => {
    await using sotto = await Sotto.open(bot.config);
    const told = new Promise<SottoError>((resolve) => {
      sotto.onWithheld(({ error }) => resolve(error));
    });
    sotto.onVoice(() => undefined);
    const { content } = await say();
    const file = { ...(content.file as object), hashes: { sha256: "A".repeat(43) } };
    await listener.request("send", { roomId, content: { ...content, file } });
    expect((await told).code).toBe("ATTACHMENT_HASH_MISMATCH");
  });

  it("is the only one: a second one in the same process is refused", async () => {
    await using _first = await Sotto.open(bot.config);
    await expect(Sotto.open(bot.config)).rejects.toMatchObject({ code: "STORE_HELD" });
  });

  it("throws errors with a code and a cure", async () => {
    await using sotto = await Sotto.open(bot.config);
    const sending = sotto.sendVoice(roomId, { bytes: Buffer.from("no sound at all") });
    await expect(sending).rejects.toSatisfy(
      (error) => error instanceof SottoError && error.code === "AUDIO_NOT_AUDIO" && error.cure !== "",
    );
  });

  it("serves the command line while it is open", async () => {
    await using _sotto = await Sotto.open(bot.config);
    const { code } = await bot.run(["send", voice, "--room", roomId]);
    expect(code).toBe(0);
  });

  it("reads text that nio sends, too: the engine knows no difference", async () => {
    const { eventId } = await listener.request("send_text", { roomId, body: "not spoken" });
    const content = { msgtype: "m.text", body: "not spoken" };
    expect(await decryptedBy(bot, roomId, eventId)).toMatchObject({ trust: "signed", content });
  });
});
