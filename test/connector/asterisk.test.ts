import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it, onTestFinished, test } from "vitest";
import { asterisk } from "../../src/connector/asterisk/index.ts";
import { MemoryIntake, type SourceBench, sourceContract } from "../../src/connector/contract/index.ts";
import { SottoError } from "../../src/errors.ts";
import { createLogger, silentLogger } from "../../src/log.ts";
import type { Connector, ConnectorContext } from "../../src/model/connector.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { VoicemailSpool } from "../support/voicemail-spool.ts";

const SOUND = Buffer.from("RIFF, and the sound of a voice");

async function connectorOn(
  spool: string,
  written: Record<string, unknown> = {},
  logger = silentLogger,
): Promise<Connector & Required<Pick<Connector, "start" | "stop" | "check">>> {
  const settings = asterisk.settings.parse({
    type: "asterisk",
    spool,
    mailboxes: ["100@default"],
    rescan: "1s",
    ...written,
  });
  const context = { name: "mailbox", logger, path: (path: string) => path } as ConnectorContext;
  const connector = (await asterisk.load())(settings, context);
  onTestFinished(() => connector.stop?.());
  return connector as Awaited<ReturnType<typeof connectorOn>>;
}

async function started(spool: VoicemailSpool, written?: Record<string, unknown>): Promise<MemoryIntake> {
  const intake = new MemoryIntake();
  await (await connectorOn(spool.spool, written)).start(intake);
  return intake;
}

/** One more message, which is taken after what was there before it. */
async function afterOneMore(spool: VoicemailSpool, intake: MemoryIntake): Promise<MemoryIntake["taken"]> {
  const last = Buffer.from("the last one");
  spool.leave({ wav: last });
  await intake.until(() => intake.taken.some(({ bytes }) => last.equals(bytes)));
  return intake.taken.filter(({ bytes }) => !last.equals(bytes));
}

const newSpool = (): VoicemailSpool => new VoicemailSpool(temporaryDirectory());

/** Every file with its content, mode and times. */
const snapshot = (folder: string): unknown[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .sort()
    .map((name) => {
      const stats = statSync(join(folder, name));
      const content = stats.isFile() ? readFileSync(join(folder, name), "latin1") : "";
      return [name, stats.mode, stats.mtimeMs, stats.ino, content];
    });

test.each(
  sourceContract(async (): Promise<SourceBench> => {
    const spool = newSpool();
    spool.folder();
    return {
      open: () => connectorOn(spool.spool),
      offer: async (id, recording) => {
        spool.leave({ wav: recording }, { msg_id: `1767225600-${id}` });
      },
      keeps: true,
      identity: "origin",
      close: async () => {},
    };
  }),
)("contract: $promise", ({ run }) => run());

it("says who called, when, and for which mailbox", async () => {
  const spool = newSpool();
  const intake = await started(spool);
  spool.leave({ wav: SOUND }, { callerid: '"Alice" <+15550100>', origtime: 1_767_225_600 });
  await intake.count(1);
  expect(intake.taken[0]).toMatchObject({
    bytes: SOUND,
    about: {
      caller: "Alice (+15550100)",
      recordedMs: Date.UTC(2026, 0, 1),
      note: "mailbox 100@default",
    },
  });
});

it("waits for a message that is still being recorded in its folder", async () => {
  const spool = newSpool();
  spool.folder();
  const intake = await started(spool);
  const call = spool.record(SOUND);
  expect(await afterOneMore(spool, intake)).toEqual([]);
  await call.hangUp();
  await intake.count(2);
  expect(intake.taken.map(({ bytes }) => bytes.toString())).toContain(SOUND.toString());
});

it("takes no greeting, no introduction, no backup, nothing out of tmp, and no link", async () => {
  const spool = newSpool();
  await spool.writeGreetings(SOUND);
  const write = (name: string, content: Uint8Array | string) =>
    writeFileSync(join(spool.folder(), name), content);
  write("msg0000-bak.txt", `${spool.text()}duration=4\n`);
  write("msg0000-bak.wav", SOUND);
  write("msg0000intro.txt", `${spool.text()}duration=4\n`);
  write("msg0000intro.wav", SOUND);
  write("msg0000.txt", `${spool.text()}duration=4\n`);
  symlinkSync("/etc/hostname", join(spool.folder(), "msg0000.wav"));
  writeFileSync(join(spool.folder("tmp"), "msg0001.txt"), `${spool.text()}duration=4\n`);
  writeFileSync(join(spool.folder("tmp"), "msg0001.wav"), SOUND);
  expect(await afterOneMore(spool, await started(spool))).toEqual([]);
});

it("takes of several formats the best one, once", async () => {
  const spool = newSpool();
  const intake = await started(spool);
  spool.leave({ gsm: Buffer.from("gsm"), WAV: Buffer.from("wav49"), wav: SOUND });
  expect(await afterOneMore(spool, intake)).toMatchObject([{ bytes: SOUND }]);
});

it("says what a recording without a header is", async () => {
  const spool = newSpool();
  spool.leave({ ulaw: SOUND });
  const intake = await started(spool);
  await intake.count(1);
  expect(intake.taken[0]?.raw).toEqual({ coding: "mulaw", sampleRate: 8_000, channels: 1 });
});

it.each([
  ["with a msg_id", {}],
  ["without", { msg_id: undefined }],
])("knows messages again %s when they got other numbers, and those that took theirs", async (_name, id) => {
  const spool = newSpool();
  const sounds = ["one", "two", "three"].map((text) => Buffer.from(text));
  const [first] = sounds.map((wav) => spool.leave({ wav }, id));
  const intake = await started(spool);
  await intake.count(3);
  spool.delete(first!);
  spool.leave({ wav: Buffer.from("four") }, id);
  await intake.count(4);
  expect(intake.taken.map(({ bytes }) => bytes.toString())).toEqual(["one", "two", "three", "four"]);
});

it("knows a message again to which Asterisk has added a msg_id", async () => {
  const spool = newSpool();
  const message = spool.leave({ wav: SOUND }, { msg_id: undefined });
  const intake = await started(spool);
  await intake.count(1);
  writeFileSync(join(spool.folder(), `${message}.txt`), `${spool.text()}duration=4\n`);
  expect(await afterOneMore(spool, intake)).toHaveLength(1);
});

it("takes the same words of the same caller twice, when they were said twice", async () => {
  const spool = newSpool();
  const intake = await started(spool);
  spool.leave({ wav: SOUND }, { msg_id: undefined, origtime: 1_767_225_600 });
  spool.leave({ wav: SOUND }, { msg_id: undefined, origtime: 1_767_225_601 });
  await intake.count(2);
});

it("looks into INBOX and Urgent of its mailboxes, and into nothing else", async () => {
  const spool = newSpool();
  spool.leave({ wav: Buffer.from("listened to") }, {}, "Old");
  new VoicemailSpool(spool.spool, "101").leave({ wav: Buffer.from("for somebody else") });
  spool.leave({ wav: SOUND }, {}, "Urgent");
  const intake = await started(spool);
  await intake.count(1);
  expect(await afterOneMore(spool, intake)).toMatchObject([
    { bytes: SOUND, about: { note: "mailbox 100@default, urgent" } },
  ]);
});

it("leaves the spool as it was", async () => {
  const spool = newSpool();
  spool.leave({ wav: SOUND });
  const before = snapshot(spool.spool);
  await (await started(spool)).count(1);
  expect(snapshot(spool.spool)).toEqual(before);
});

it("sees a mailbox that had no folder when it began", async () => {
  const spool = newSpool();
  const intake = await started(spool);
  spool.leave({ wav: SOUND });
  await intake.count(1);
});

it("sees what the system tells, long before it looks again by itself", async () => {
  const spool = newSpool();
  spool.folder();
  const intake = await started(spool, { rescan: "7d" });
  spool.leave({ wav: SOUND });
  await intake.count(1);
});

it("sees what nobody tells it, as on a network file system", async () => {
  const spool = newSpool();
  const elsewhere = new VoicemailSpool(temporaryDirectory());
  symlinkSync(join(elsewhere.folder(), "..", ".."), join(spool.spool, "default"));
  const intake = await started(spool);
  elsewhere.leave({ wav: SOUND });
  await intake.count(1);
});

it("cannot begin without a spool, and says what to do", async () => {
  const connector = await connectorOn(join(temporaryDirectory(), "nowhere"));
  const failure = await connector.start(new MemoryIntake()).catch((error) => error);
  expect(failure).toBeInstanceOf(SottoError);
  expect(failure).toMatchObject({ code: "CONNECTOR_FAILED", cure: expect.stringContaining("usermod") });
  expect(await connector.check()).toMatchObject([{ ok: false, cure: expect.stringContaining("usermod") }]);
});

it("says in its check and in the log that a message cannot be sent, and not who called", async () => {
  const lines: string[] = [];
  const logger = createLogger({ level: "debug", json: true, write: (line) => lines.push(line) });
  const spool = newSpool();
  spool.leave({ g729: SOUND }, { callerid: '"Alice" <+15550100>' });
  const connector = await connectorOn(spool.spool, {}, logger);
  expect(await connector.check()).toMatchObject([{ ok: true }, { ok: true }]);
  await connector.start(new MemoryIntake());
  await expect
    .poll(() => connector.check())
    .toContainEqual(expect.objectContaining({ ok: false, message: "1 of its messages cannot be sent" }));
  expect(lines).toHaveLength(1);
  expect(lines[0]).toContain("AUDIO_UNREADABLE");
  expect(lines[0]).not.toMatch(/Alice|15550100|100@default/);
});

it.each([["100"], ["../x@default"], ["100@.."], ["100@default/../other"]])(
  "refuses the mailbox %j",
  (mailbox) => {
    const { success } = asterisk.settings.safeParse({ type: "asterisk", mailboxes: [mailbox] });
    expect(success).toBe(false);
  },
);
