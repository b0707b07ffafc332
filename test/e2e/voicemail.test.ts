import { chmodSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { loadConfig } from "../../src/config/index.ts";
import { startService } from "../../src/service/run.ts";
import { Sotto } from "../../src/service/sotto.ts";
import { record } from "../support/recordings.ts";
import { VoicemailSpool } from "../support/voicemail-spool.ts";
import { isSignedWith, WebhookReceiver } from "../support/webhook-receiver.ts";
import { openWorld } from "../support/world.ts";

// From the telephone into a room, and from the room to a web service and a program. A writer of spools stands in for
// Asterisk; the room, its homeserver and who listens and answers in it are real.

const { folder, newConversation } = await openWorld();

it("takes voicemail into a room, and the answer out of it", async () => {
  const { bot, listener, roomId } = await newConversation();
  const spool = new VoicemailSpool(join(folder, "voicemail"));
  spool.leave(
    { wav: await readFile(await record("left-at-the-beep.wav")) },
    { callerid: '"Ann" <+15550100>' },
  );
  await using receiver = await WebhookReceiver.open();
  const secret = "a secret of the test's, long enough to sign";
  const secretFile = join(folder, "webhook.secret");
  writeFileSync(secretFile, secret);
  chmodSync(secretFile, 0o600);
  const saved = join(folder, "answer.ogg");
  bot.configure({
    connectors: {
      mailbox: { type: "asterisk", spool: spool.spool, mailboxes: ["100@default"] },
      hook: { type: "webhook", url: receiver.url, secretFile },
      keep: {
        type: "command",
        run: ["/bin/sh", "-c", `cat > "${saved}.part" && mv "${saved}.part" "${saved}"`],
      },
    },
    routes: [
      { from: "mailbox", to: roomId, announce: true },
      { from: roomId, to: "hook" },
      { from: roomId, to: "keep" },
    ],
  });
  const sotto = await Sotto.open(loadConfig(bot.config));
  const service = await startService(sotto.account);
  try {
    const jobs = () => sotto.account.store.jobs.list(2);
    await expect.poll(() => jobs().map(({ state }) => state), { timeout: 30_000 }).toEqual(["sent", "sent"]);
    const [voice, notice] = jobs();
    const out = join(folder, "heard.ogg");
    const heard = await listener.request("receive_voice", { roomId, eventId: voice!.eventId!, out });
    expect(heard.size).toBeGreaterThan(0);
    const announced = await listener.request("wait_event", {
      ...{ roomId, eventId: notice!.eventId!, kind: "m.notice" },
    });
    expect(JSON.stringify(announced)).toContain("Ann (+15550100)");

    const answer = await record("the-callers-answer.ogg", undefined, "-c:a", "libopus");
    const { eventId } = await listener.request("send_voice", { roomId, file: answer, durationMs: 1500 });
    await expect.poll(() => receiver.received.length, { timeout: 30_000 }).toBe(1);
    const [received] = receiver.received;
    expect(isSignedWith(Buffer.from(secret), received!)).toBe(true);
    expect(received?.message.data).toMatchObject({ eventId, roomId, mimetype: "audio/ogg" });
    const said = await readFile(answer);
    expect(received?.audio.equals(said)).toBe(true);
    await expect.poll(() => readFile(saved).catch(() => undefined)).toEqual(said);
  } finally {
    await service[Symbol.asyncDispose]();
    await sotto.close();
  }
});
