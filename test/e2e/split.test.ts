import { createReadStream } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { type SendResult, Sotto } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { jobsOf } from "../support/outbox.ts";
import { examine, keep, record, secretWord } from "../support/recordings.ts";
import { isSend, isUpload, sentBy } from "../support/room-events.ts";
import { endAllSotto, errorOf, resultOf, sotto } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// What does not fit into one message becomes several, or is refused before it is work.

const { folder, synapse, newConversation, newBot, proxy } = await openWorld();
let bot: Bot;
let listener: Listener;
let speech: string;

beforeAll(async () => {
  ({ bot, listener } = await newConversation());
  // loud and quiet by turns: 6 s each
  speech = await record(
    "a-long-speech.wav",
    "anoisesrc=duration=80:seed=77:amplitude=0.4,tremolo=f=0.1666:d=1",
  );
});

afterEach(async () => {
  proxy.passOnEverything();
  await endAllSotto();
});

/** A room whose bridge takes voice messages of so many seconds. */
async function bridgedRoom(seconds: number, guest = bot): Promise<string> {
  const { roomId } = await listener.request("create_room", { invite: [guest.userId] });
  const content = { file: { "org.matrix.msc3245.voice": { max_duration: seconds } } };
  const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/state/com.beeper.room_features/`;
  await synapse.request("PUT", path, listener.session.accessToken, content);
  return roomId;
}

const inRoom = async (roomId: string, sender = bot): Promise<string[]> =>
  (await sentBy(synapse, roomId, listener.session.accessToken, sender.userId)).map(
    ({ event_id }) => event_id,
  );

async function hear(roomId: string, eventId: string, name: string) {
  const out = join(folder, name);
  const heard = await listener.request("receive_voice", { roomId, eventId, out });
  await keep(`heard-${name}`, out);
  expect(heard.decrypted).toBe(true);
  return { content: heard.content, played: await examine(heard.file) };
}

describe("a recording that is longer than the room's bridge takes", () => {
  it("arrives in numbered parts, in order, each a voice message of its own", async () => {
    const roomId = await bridgedRoom(30);
    const { eventId: root } = await listener.request("send_text", { roomId, body: "Say it all!" });
    const title = secretWord("Speech to the nation");
    const how = ["--split", "--title", title, "--thread", root];
    const result = resultOf<SendResult>(await bot.run(["send", speech, "--room", roomId, ...how]));
    const { parts = [], ...first } = result;
    expect(parts.length).toBe(3);
    expect(parts[0]).toEqual(first);
    expect(await inRoom(roomId)).toEqual(parts.map(({ eventId }) => eventId));

    let sumMs = 0;
    for (const [index, { eventId, durationMs, size, waveform }] of parts.entries()) {
      const { content, played } = await hear(roomId, eventId, `part-${index}.ogg`);
      expect(content).toMatchObject({
        body: `Speech to the nation (${index + 1} of 3).ogg`,
        info: { duration: durationMs, size },
        "org.matrix.msc1767.audio": { duration: durationMs, waveform },
        "org.matrix.msc3245.voice": {},
      });
      const { event } = await listener.request("raw_event", { roomId, eventId });
      const thread = { rel_type: "m.thread", event_id: root };
      expect(event).toMatchObject({ content: { "m.relates_to": thread } });
      expect(durationMs).toBeLessThanOrEqual(30_000);
      expect(Math.abs(played.durationMs - durationMs)).toBeLessThanOrEqual(20);
      sumMs += durationMs;
    }
    expect(Math.abs(sumMs - 80_000)).toBeLessThanOrEqual(3);
  });

  it("is told to a person as what it became", async () => {
    const roomId = await bridgedRoom(50);
    const args = ["send", speech, "--room", roomId, "--split", "--config", bot.config];
    const { code, stdout, stderr } = await sotto(args);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split("\n")).toEqual(await inRoom(roomId));
    expect(stderr).toContain("in 2 parts");
    expect(stderr.match(/[▁▂▃▄▅▆▇█]{50}/g)).toHaveLength(2);
  });

  it("is refused without --split, before it is encoded", async () => {
    const roomId = await bridgedRoom(30);
    const uploads = proxy.requests.filter(isUpload).length;
    const refused = {
      code: "AUDIO_TOO_LARGE",
      message: "the recording is 80.0 s long, and the room's bridge takes 30.0 s",
      cure: expect.stringContaining("--split"),
    };
    expect(errorOf(await bot.run(["send", speech, "--room", roomId]))).toMatchObject(refused);
    {
      // by the process that holds the store, which gets a stream
      await using _house = await Sotto.open(bot.config);
      expect(errorOf(await bot.run(["send", speech, "--room", roomId]))).toMatchObject(refused);
    }
    expect(proxy.requests.filter(isUpload)).toHaveLength(uploads);
    expect(await inRoom(roomId)).toEqual([]);
  });

  it("is refused while it comes, where nobody knew how long it would be", async () => {
    const roomId = await bridgedRoom(30);
    await using house = await Sotto.open(bot.config);
    const endless = new PassThrough();
    createReadStream(speech).pipe(endless, { end: false });
    await expect(house.sendVoice(roomId, { stream: endless })).rejects.toMatchObject({
      code: "AUDIO_TOO_LARGE",
      message: expect.stringMatching(/at least \d\d\.\d s long, and the room's bridge takes 30\.0 s$/),
    });
    expect(house.account.store.jobs.open()).toEqual([]);
  });
});

describe("a recording that is larger than the homeserver takes", () => {
  const MAX_BYTES = 100_000;
  const lowerLimit = () =>
    proxy.intercept(({ path }) => path.endsWith("/media/config"), {
      rewrite: () => ({ "m.upload.size": MAX_BYTES }),
    });

  it("arrives in parts that fit", async () => {
    lowerLimit();
    const { roomId } = await listener.request("create_room", { invite: [bot.userId] });
    await using house = await Sotto.open(bot.config);
    const { parts = [] } = await house.sendVoice(roomId, { path: speech }, { split: true });
    expect(parts.length).toBeGreaterThan(1);
    for (const [index, { eventId, size }] of parts.entries()) {
      expect(size).toBeLessThanOrEqual(MAX_BYTES);
      const { content } = await hear(roomId, eventId, `fits-${index}.ogg`);
      expect(content.body).toBe(`Voice message (${index + 1} of ${parts.length}).ogg`);
    }
  });

  it("that is ready is refused with both numbers, without --split", async () => {
    lowerLimit();
    const options = ["-c:a", "libopus", "-ac", "1", "-b:a", "48k"];
    const ready = await record(
      "ready-and-large.ogg",
      "anoisesrc=duration=40:seed=78:amplitude=0.4",
      ...options,
    );
    const { roomId } = await listener.request("create_room", { invite: [bot.userId] });
    expect(errorOf(await bot.run(["send", ready, "--room", roomId]))).toMatchObject({
      code: "AUDIO_TOO_LARGE",
      message: expect.stringMatching(
        /^the clip has (at least )?\d{6} bytes, and the homeserver takes 100000$/,
      ),
      cure: expect.stringContaining("--split"),
    });
  });
});

it("what fits is sent as it would be without --split", async () => {
  const roomId = await bridgedRoom(90);
  await using house = await Sotto.open(bot.config);
  const plain = await house.sendVoice(roomId, { path: speech });
  const split = await house.sendVoice(roomId, { path: speech }, { split: true });
  expect(Object.keys(split)).toEqual(Object.keys(plain));
  const { durationMs, size, waveform } = plain;
  expect(split).toMatchObject({ durationMs, size, waveform });
  const { content } = await hear(roomId, split.eventId, "whole.ogg");
  expect(content.body).toBe("Voice message.ogg");
});

describe("all or nothing", () => {
  it("nothing is accepted of a recording that breaks off after its first parts", async () => {
    const roomId = await bridgedRoom(10);
    await using house = await Sotto.open(bot.config);
    const source = new PassThrough();
    const file = createReadStream(speech).once("end", () => source.destroy(new Error("the line is dead")));
    file.pipe(source, { end: false });
    await expect(house.sendVoice(roomId, { stream: source }, { split: true })).rejects.toThrow(
      "the line is dead",
    );
    expect(house.account.store.jobs.open()).toEqual([]);
    expect(await inRoom(roomId)).toEqual([]);
  });

  it("a homeserver that is gone before the first part gets none of them later either", async () => {
    const roomId = await bridgedRoom(30);
    proxy.intercept(isUpload, "cut before");
    const error = errorOf(await bot.run(["send", speech, "--room", roomId, "--split"]));
    expect(error).toMatchObject({ code: "HOMESERVER_UNREACHABLE" });
    proxy.passOnEverything();
    expect(jobsOf(bot).filter((job) => job.room_id === roomId && job.state !== "failed")).toEqual([]);
  });

  it("one that is gone after the first part gets the others when it is back", async () => {
    const other = await newBot();
    const roomId = await bridgedRoom(30, other);
    let sends = 0;
    proxy.intercept((request) => isSend(request) && ++sends > 1, "cut before");
    const error = errorOf(await other.run(["send", speech, "--room", roomId, "--split"]));
    expect(error).toMatchObject({ code: "SEND_UNCERTAIN", message: expect.stringMatching(/^1 of 3 parts/) });
    const [first] = await inRoom(roomId, other);
    expect(await inRoom(roomId, other)).toEqual([first]);
    proxy.passOnEverything();
    await expectWhole(other, roomId);
    expect((await inRoom(roomId, other))[0]).toBe(first);
  });

  it("kill -9 between two parts: the next command sends the rest", async () => {
    const other = await newBot();
    const roomId = await bridgedRoom(30, other);
    let sends = 0;
    const second = proxy.next((request) => isSend(request) && ++sends > 1, "hang before");
    const sending = other.start(["send", speech, "--room", roomId, "--split"]);
    await second;
    await sending.end("SIGKILL");
    proxy.passOnEverything();
    await expectWhole(other, roomId);
  });

  /** Whoever sends next sends first what waits. */
  async function expectWhole(sender: Bot, roomId: string): Promise<void> {
    const next = await record("and-that-was-all.wav");
    const { eventId } = resultOf<SendResult>(await sender.run(["send", next, "--room", roomId]));
    const events = await inRoom(roomId, sender);
    expect(events).toHaveLength(4);
    expect(events[3]).toBe(eventId);
    for (const [index, event] of events.slice(0, 3).entries()) {
      const { content } = await hear(roomId, event, `again-${index}-${sender.userId.slice(1, 6)}.ogg`);
      expect(content.body).toBe(`Voice message (${index + 1} of 3).ogg`);
    }
  }
});
