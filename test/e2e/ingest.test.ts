import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import type { Ingested } from "../../src/service/ingest.ts";
import type { Bot } from "../support/bot.ts";
import { attached, compose } from "../support/mail.ts";
import { examine, record } from "../support/recordings.ts";
import { errorOf, resultOf } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// What Asterisk's `mailcmd` gives on standard input becomes voice messages, with the service beside it or without.

const { folder, newConversation, synapse } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;
let mail: Buffer;

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
  const voicemails = [await record("voicemail-1.wav"), await record("voicemail-2.wav")];
  const attachments = await Promise.all(voicemails.map(async (path) => attached(await readFile(path))));
  const headers = { "X-Asterisk-CallerID": "100", "X-Asterisk-CallerIDName": "Jane" };
  mail = await compose({ messageId: "<Asterisk-1@pbx>", subject: "New message", headers, attachments });
});

const ingest = async (...flags: string[]): Promise<Ingested[]> => {
  const outcome = await bot.run(["ingest", "email", "--room", roomId, ...flags], { input: mail });
  return resultOf<{ recordings: Ingested[] }>(outcome).recordings;
};

describe("a mail with two voicemails", () => {
  it("is sent, and never again", async () => {
    const sent = await ingest("--announce");
    expect(sent).toMatchObject([
      { isDuplicate: false, roomId, eventId: expect.stringMatching(/^\$/) },
      { isDuplicate: false, roomId, eventId: expect.stringMatching(/^\$/) },
    ]);
    for (const [index, { eventId }] of sent.entries()) {
      const out = join(folder, `ingested-${index}.ogg`);
      const heard = await listener.request("receive_voice", { roomId, eventId, out });
      expect(heard).toMatchObject({ decrypted: true });
      expect((await examine(out)).stream).toMatch(/opus.*48000 Hz, mono/);
    }
    const eventIds = sent.map(({ eventId }) => eventId);
    expect(new Set(eventIds).size).toBe(2);
    const again = await ingest("--announce");
    expect(again.map(({ isDuplicate, eventId }) => [isDuplicate, eventId])).toEqual(
      eventIds.map((eventId) => [true, eventId]),
    );
  });

  it("is known to a service that holds the store now", async () => {
    const service = bot.start(["run"]);
    await service.says('"message":"running"');
    expect((await ingest()).map(({ isDuplicate }) => isDuplicate)).toEqual([true, true]);
    await service.end("SIGTERM");
  });
});

describe("a mail for a room that we may not write to", () => {
  it("is refused and kept, and sent when it comes again and we may", async () => {
    const asTheirs = <T>(method: "POST" | "PUT", path: string, content: object) =>
      synapse.request<T>(method, `/_matrix/client/v3/${path}`, listener.session.accessToken, content);
    const levels = { events_default: 50, users: { [listener.userId]: 100 } };
    const { room_id: room } = await asTheirs<{ room_id: string }>("POST", "createRoom", {
      preset: "private_chat",
      room_version: "11", // from version 12 on, a creator must not be among the users
      invite: [bot.userId],
      power_level_content_override: levels,
      initial_state: [
        { type: "m.room.encryption", state_key: "", content: { algorithm: "m.megolm.v1.aes-sha2" } },
      ],
    });
    const args = ["ingest", "email", "--room", room];
    expect(errorOf(await bot.run(args, { input: mail }))).toMatchObject({
      code: "ROOM_FORBIDDEN",
      exitCode: 1,
    });
    const place = `rooms/${encodeURIComponent(room)}/state/m.room.power_levels/`;
    await asTheirs("PUT", place, { ...levels, events_default: 0 });
    const { recordings } = resultOf<{ recordings: Ingested[] }>(await bot.run(args, { input: mail }));
    expect(recordings).toMatchObject([
      { isDuplicate: true, eventId: expect.stringMatching(/^\$/) },
      { isDuplicate: true, eventId: expect.stringMatching(/^\$/) },
    ]);
  });
});
