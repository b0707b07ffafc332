import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { freePort } from "../matrix/scripted-server.ts";
import type { Bot } from "../support/bot.ts";
import { attached, send } from "../support/mail.ts";
import { examine, record } from "../support/recordings.ts";
import { type Listener, openWorld } from "../support/world.ts";

// A PBX that can do nothing but send mail: its voicemail is heard in the room.

const { folder, newConversation } = await openWorld();
let bot: Bot;
let listener: Listener;
let roomId: string;

beforeAll(async () => {
  ({ bot, listener, roomId } = await newConversation());
});

describe("beside the running service", () => {
  it("a mail's recording is heard in the room of its recipient, with its caller before it", async () => {
    const port = await freePort();
    bot.configure({
      connectors: {
        pbx: { type: "email", listen: `127.0.0.1:${port}`, recipients: { "100@sotto.local": roomId } },
      },
      routes: [{ from: "pbx", to: roomId, announce: true }],
    });
    const service = bot.start(["run"]);
    await service.says('"message":"running"');
    const response = await send(port, {
      to: "100@sotto.local",
      subject: "New message",
      headers: { "X-Asterisk-CallerIDName": "Jane" },
      attachments: [attached(await readFile(await record("that-came-by-mail.wav")))],
    });
    expect(response).toContain("1 recording taken");
    const notice = await listener.request("wait_event", { roomId, kind: "m.notice" });
    expect(JSON.stringify(notice)).toContain("Voice message from Jane");
    const out = join(folder, "mailed.ogg");
    const heard = await listener.request("receive_voice", { roomId, out });
    expect(heard).toMatchObject({ decrypted: true });
    expect((await examine(out)).stream).toMatch(/opus.*48000 Hz, mono/);
    await service.end("SIGTERM");
  });
});
