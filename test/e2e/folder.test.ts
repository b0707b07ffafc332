import { copyFile, mkdir, readdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { Bot } from "../support/bot.ts";
import { examine, record } from "../support/recordings.ts";
import { resultOf, sotto } from "../support/sotto.ts";
import { type Listener, openWorld } from "../support/world.ts";

// Recordings out of a folder into a room, and voice messages out of the room into a folder and an archive.

const { folder, newConversation } = await openWorld();
const PATIENCE = { timeout: 30_000, interval: 100 };
let bot: Bot;
let listener: Listener;
let roomId: string;
let inbox: string;
let outbox: string;
let records: string;

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
  inbox = join(folder, "inbox");
  outbox = join(folder, "outbox");
  records = join(folder, "records");
  for (const path of [inbox, outbox, records]) await mkdir(path);
  bot.configure({
    connectors: {
      inbox: { type: "folder", path: inbox, settle: "1s" },
      outbox: { type: "folder", path: outbox, describe: true },
      records: { type: "archive", path: records },
    },
    routes: [
      { from: "inbox", to: roomId },
      { from: roomId, to: "outbox" },
      { from: roomId, to: "records" },
    ],
  });
});

describe("beside the running service", () => {
  it("a recording in the folder is heard in the room, and put away", async () => {
    const service = bot.start(["run"]);
    await service.says('"message":"running"');
    await copyFile(await record("down-at-the-gate.wav"), join(inbox, "gate.wav.part"));
    await rename(join(inbox, "gate.wav.part"), join(inbox, "gate.wav"));
    const out = join(folder, "heard.ogg");
    expect(await listener.request("receive_voice", { roomId, out })).toMatchObject({ decrypted: true });
    expect((await examine(out)).stream).toMatch(/opus.*48000 Hz, mono/);
    await vi.waitFor(async () => expect(await readdir(join(inbox, "done"))).toEqual(["gate.wav"]), PATIENCE);
    await service.end("SIGTERM");
  });

  it("a voice message of the room is in the folder and in the archive, which verifies", async () => {
    const service = bot.start(["run"]);
    await service.says('"message":"running"');
    const voice = await record("what-she-replied.ogg", undefined, "-c:a", "libopus");
    const { eventId } = await listener.request("send_voice", { roomId, file: voice, durationMs: 1_500 });
    const head = join(records, "head.json");
    await vi.waitFor(() => readFile(head), PATIENCE);
    const written = async () => (await readdir(outbox)).filter((name) => !name.startsWith(".")).sort();
    await vi.waitFor(async () => expect(await written()).toHaveLength(2), PATIENCE);
    await service.end("SIGTERM");
    const [json, ogg] = await written();
    expect(JSON.parse(await readFile(join(outbox, json!), "utf8"))).toMatchObject({
      eventId,
      roomId,
      file: ogg,
    });
    expect(await readFile(join(outbox, ogg!))).toEqual(await readFile(voice));
    const verified = await sotto(["archive", "verify", records, "--json"]);
    expect(resultOf(verified)).toMatchObject({ archive: "records", entries: 1, findings: [] });
  });
});
