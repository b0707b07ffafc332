import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Bot } from "../support/bot.ts";
import { keep, record } from "../support/recordings.ts";
import { linesOf, type Outcome, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// The other way: what matrix-nio sends, Sotto decrypts, if it comes from somebody it can trust.

const { folder, newBot, newListener, synapse } = await openWorld();
let bot: Bot;
let speaker: Listener;
let stranger: Listener;
let roomId: string;
let voice: string;

/** One line of `sotto receive --json`. */
interface Received {
  eventId: string;
  file: string;
}

beforeAll(async () => {
  [bot, speaker, stranger] = await Promise.all([newBot(), newListener(), newListener({ signed: false })]);
  ({ roomId } = await speaker.request("create_room", { invite: [bot.userId, stranger.userId] }));
  await stranger.request("join", { roomId });
  voice = await record("spoken-by-a-friend.ogg", undefined, "-c:a", "libopus");
  // the bot joins where it is sent to, and from then on everybody's client shares keys with it
  resultOf(await bot.run(["send", voice, "--room", roomId]));
});

let folders = 0;
async function receive(
  count: number,
  ...more: string[]
): Promise<Outcome & { out: string; received: Received[] }> {
  const out = join(folder, `out-${++folders}`);
  const outcome = await bot.run([
    "receive",
    "--out",
    out,
    "--count",
    String(count),
    "--timeout",
    "30",
    ...more,
  ]);
  expect(outcome).toMatchObject({ code: 0 });
  return { ...outcome, out, received: linesOf<Received>(outcome) };
}

const say = (from: Listener) =>
  from.request("send_voice", { roomId, file: voice, durationMs: 1500, waveform: [0, 512, 1024] });

/** Puts an event into the room as the speaker's client would, without her client. */
async function put(type: string, content: object): Promise<string> {
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/send/${type}/${crypto.randomUUID()}`;
  const { event_id } = await synapse.request<{ event_id: string }>(
    "PUT",
    path,
    speaker.session.accessToken,
    content,
  );
  return event_id;
}

describe("a voice message from a signed device", () => {
  it("is written as it was recorded, with who said it and how sure that is", async () => {
    await speaker.request("send_text", { roomId, body: "Listen to this:" });
    const { eventId } = await say(speaker);
    const { out, received } = await receive(1);
    const file = join(out, `${Buffer.from(eventId).toString("base64url")}.ogg`);
    expect(received).toEqual([
      {
        eventId,
        roomId,
        sender: speaker.userId,
        senderDeviceId: speaker.session.deviceId,
        file,
        durationMs: 1500,
        trust: "signed",
        sentMs: expect.any(Number),
      },
    ]);
    expect(await readFile(file)).toEqual(await readFile(voice));
    expect(await readdir(out)).toHaveLength(1);
    await keep("received.ogg", file);
  });

  it("is written as a telephone plays it", async () => {
    await say(speaker);
    const { out, received } = await receive(1, "--format", "wav:16000");
    const wav = await readFile(received[0]!.file);
    expect(wav.toString("latin1", 0, 4)).toBe("RIFF");
    expect([wav.readUInt32LE(24), wav.readUInt32LE(40)]).toEqual([16_000, wav.length - 44]);
    expect(wav.length).toBeGreaterThan(16_000);
    expect(await readdir(out)).toEqual([basename(received[0]!.file)]);
  });

  it("is handed on once", async () => {
    const { eventId } = await say(speaker);
    await receive(1);
    const out = join(folder, "nothing-new");
    const again = await bot.run(["receive", "--out", out, "--count", "1", "--timeout", "1"]);
    expect(again).toMatchObject({ code: 3, stdout: "" });
    expect(again.stderr).toContain('"code":"TIMEOUT"');
    expect(again.stderr).not.toContain(eventId);
  });
});

/** Waits for a good message after what the test has sent: by then the rest has been dealt with. */
async function receiveOnly(good: () => Promise<{ eventId: string }>) {
  const { eventId } = await good();
  const outcome = await receive(1);
  expect(outcome.received.map((line) => line.eventId)).toEqual([eventId]);
  expect(await readdir(outcome.out)).toHaveLength(1);
  return linesOf<{ eventId?: string; code?: string; message: string; cause?: string }>({
    ...outcome,
    stdout: outcome.stderr,
  });
}

describe("not handed on, and the reason is told", () => {
  it("a voice message whose attachment is not what its sender hashed", async () => {
    const { content } = await say(speaker);
    const { received } = await receive(1);
    expect(received).toHaveLength(1);
    const file = content.file as { hashes: { sha256: string } };
    const { sha256 } = file.hashes;
    const otherHash = (sha256.startsWith("A") ? "B" : "A") + sha256.slice(1);
    const tampered = { ...content, file: { ...file, hashes: { sha256: otherHash } } };
    const { eventId } = await speaker.request("send", { roomId, content: tampered });
    const reasons = await receiveOnly(() => say(speaker));
    expect(reasons).toContainEqual(expect.objectContaining({ eventId, code: "ATTACHMENT_HASH_MISMATCH" }));
  });

  it("a voice message of a device that its owner has not signed", async () => {
    const { eventId } = await say(stranger);
    const reasons = await receiveOnly(() => say(speaker));
    expect(reasons).toContainEqual(expect.objectContaining({ eventId, code: "SENDER_UNTRUSTED" }));
  });

  it("a ciphertext that comes again under another event ID", async () => {
    const { eventId: original } = await say(speaker);
    await receive(1);
    const { event } = await speaker.request("raw_event", { roomId, eventId: original });
    const replayed = await put("m.room.encrypted", event.content as object);
    expect(replayed).not.toBe(original);
    const reasons = await receiveOnly(() => say(speaker));
    expect(reasons).toContainEqual(
      expect.objectContaining({
        eventId: replayed,
        code: "DECRYPT_FAILED",
        message: expect.stringMatching(/repeats the ciphertext/),
      }),
    );
  });

  it("a clear message in the encrypted room", async () => {
    const { content } = await say(speaker);
    await receive(1);
    const clear = await put("m.room.message", content);
    const reasons = await receiveOnly(() => say(speaker));
    expect(reasons).toContainEqual(
      expect.objectContaining({ eventId: clear, message: "a clear message came into an encrypted room" }),
    );
  });
});
