import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { beforeAll, describe, expect, inject, it } from "vitest";
import type { SendResult } from "../../src/index.ts";
import type { Bot } from "../support/bot.ts";
import { examine, isOggOpus, keep, record, secretWord } from "../support/recordings.ts";
import { resultOf, sotto } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// The main job: a recording goes in, an end-to-end encrypted voice message comes out, and an independent client
// (matrix-nio) decrypts and plays it.

const { folder, newConversation, newDevice, newListener, proxy } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
});

async function hear(eventId: string, name: string) {
  const out = join(folder, name);
  const event = await listener.request("receive_voice", { roomId, eventId, out });
  await keep(`heard-${name}`, out);
  return event;
}

const inputs: [name: string, lavfi: string, ...options: string[]][] = [
  ["an-old-telephone.wav", "sine=frequency=440:duration=2:sample_rate=8000"],
  ["a-stereo-podcast.mp3", "sine=frequency=300:duration=3:sample_rate=44100", "-ac", "2"],
  ["a-messenger-note.ogg", "sine=frequency=600:duration=1:sample_rate=48000", "-c:a", "libopus"],
];

describe("a recording becomes a voice message that another client decrypts", () => {
  it.each(inputs)("%s", async (name, lavfi, ...options) => {
    const path = await record(name, lavfi, ...options);
    const result = resultOf<SendResult>(await bot.run(["send", path, "--room", roomId]));
    const heard = await hear(result.eventId, name);

    const { durationMs, size, waveform, mxcUri } = result;
    expect(heard).toMatchObject({ decrypted: true, sender: bot.userId, sessionId: result.sessionId });
    // interop: exactly what Element sends and needs, nothing more, and no `url` beside `file`
    expect(heard.content).toEqual({
      msgtype: "m.audio",
      body: "Voice message.ogg",
      info: { mimetype: "audio/ogg", size, duration: durationMs },
      file: {
        v: "v2",
        url: mxcUri,
        key: {
          kty: "oct",
          alg: "A256CTR",
          ext: true,
          k: expect.stringMatching(/^[\w-]{43}$/),
          key_ops: ["encrypt", "decrypt"],
        },
        iv: expect.stringMatching(/^[A-Za-z0-9+/]{22}$/),
        hashes: { sha256: expect.stringMatching(/^[A-Za-z0-9+/]{43}$/) },
      },
      "org.matrix.msc1767.audio": { duration: durationMs, waveform },
      "org.matrix.msc3245.voice": {},
      "m.mentions": {},
    });
    expect(waveform).toHaveLength(100);
    expect(waveform.every((point) => Number.isInteger(point) && point >= 0 && point <= 1024)).toBe(true);

    expect(heard.size).toBe(size);
    expect(await isOggOpus(heard.file)).toBe(true);
    const played = await examine(heard.file);
    expect(played.stream).toMatch(/opus.*48000 Hz, mono/);
    const original = await examine(path);
    expect(Math.abs(played.durationMs - durationMs)).toBeLessThanOrEqual(20);
    // an MP3 is padded by its encoder
    expect(Math.abs(original.durationMs - durationMs)).toBeLessThanOrEqual(60);
  });

  it("from standard input, under the title that was given", async () => {
    const input = await readFile(await record("through-a-pipe.wav"));
    const title = secretWord("News from the attic");
    const sent = await bot.run(["send", "-", "--room", roomId, "--title", title], { input });
    const heard = await hear(resultOf<SendResult>(sent).eventId, "through-a-pipe.ogg");
    expect(heard.content.body).toBe("News from the attic.ogg");
    expect(await isOggOpus(heard.file)).toBe(true);
  });

  it("as an answer in a thread, with the relation where the homeserver can read it", async () => {
    const { eventId: root } = await listener.request("send_text", { roomId, body: "Who is at the door?" });
    const args = ["send", await record("at-the-door.wav"), "--room", roomId, "--thread", root];
    const { eventId } = resultOf<SendResult>(await bot.run(args));
    const relation = { rel_type: "m.thread", event_id: root, is_falling_back: true };
    const { event } = await listener.request("raw_event", { roomId, eventId });
    expect(event).toMatchObject({ type: "m.room.encrypted", content: { "m.relates_to": relation } });
  });
});

describe("the result", () => {
  it("says everything about the message, and who can play it", async () => {
    const second = await newListener();
    const unsigned = await newDevice(second.account);
    await listener.request("invite", { roomId, userId: second.userId });
    await second.request("join", { roomId });
    const result = resultOf<SendResult>(
      await bot.run(["send", await record("to-all-devices.wav"), "--room", roomId]),
    );
    expect(result).toEqual({
      eventId: expect.stringMatching(/^\$/),
      roomId,
      txnId: expect.any(String),
      mxcUri: expect.stringMatching(`^mxc://${inject("synapse").serverName}/`),
      durationMs: 1500,
      size: expect.any(Number),
      waveform: expect.any(Array),
      sessionId: expect.any(String),
      sharedWith: expect.any(Array),
      withheld: [{ userId: second.userId, deviceId: unsigned.session.deviceId, code: "m.unverified" }],
    });
    const devices = result.sharedWith.map(({ userId, deviceId }) => `${userId} ${deviceId}`);
    expect(devices.sort()).toEqual(
      [listener, second].map(({ userId, session }) => `${userId} ${session.deviceId}`).sort(),
    );

    const { eventId } = result;
    const heard = await second.request("wait_event", { roomId, eventId, kind: "m.audio" });
    expect(heard.decrypted).toBe(true);
    await unsigned.request("wait_event", { roomId, eventId, kind: "undecryptable" });
  });

  it("is words for a person without --json, and the event ID alone on standard output", async () => {
    const path = await record("for-a-person.wav");
    const { code, stdout, stderr } = await sotto(["send", path, "--room", roomId, "--config", bot.config]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\$\S+\n$/);
    expect(stderr).toMatch(/[▁▂▃▄▅▆▇█]{50} {2}1\.5 s/);
    expect(stderr).toContain("devices can play it");
  });
});

describe("the homeserver", () => {
  it("is told neither the type nor the name of what is uploaded", async () => {
    const uploads = proxy.requests.filter(({ path }) => path.startsWith("/_matrix/media/v3/upload"));
    expect(uploads.length).toBeGreaterThan(0);
    for (const { path, headers } of uploads) {
      expect(path).toBe("/_matrix/media/v3/upload");
      expect(headers["content-type"]).toBe("application/octet-stream");
      expect(headers["content-disposition"]).toBeUndefined();
    }
  });

  it("keeps ciphertext only", async () => {
    const { database, mediaStore } = inject("synapse");
    const db = new DatabaseSync(database, { readOnly: true });
    const uploads = db
      .prepare("SELECT media_id FROM local_media_repository WHERE user_id = ?")
      .all(bot.userId)
      .map(({ media_id }) => String(media_id));
    db.close();
    expect(uploads.length).toBeGreaterThan(0);
    for (const id of uploads) {
      const stored = join(mediaStore, "local_content", id.slice(0, 2), id.slice(2, 4), id.slice(4));
      expect((await readFile(stored)).includes("Opus")).toBe(false);
    }
  });
});
