import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { recordingsOf } from "../../src/connector/email/recordings.ts";
import { attached, compose, recording, send, startMail, Talker } from "../support/mail.ts";

const MB = 1024 * 1024;

describe("a mail that is built to be costly", () => {
  const multipart = (boundary: string, body: string): string =>
    `Content-Type: multipart/mixed; boundary=${boundary}\n\n${body}`;
  const nested = Array.from(
    { length: 50 }, // fewer than a mail may have parts
    (_, depth) => `${depth > 0 ? `--b${depth - 1}\n` : ""}${multipart(`b${depth}`, "")}`,
  ).join("");

  it.each<[string, () => string]>([
    ["100,000 header fields", () => "A: b\n".repeat(100_000)],
    ["a header without an end", () => `Subject: ${"x".repeat(25 * MB)}`],
    ["a header of folded lines", () => `Subject: x\n${" x\n".repeat(100_000)}`],
    ["10,000 parts", () => multipart("a", "--a\n\nx\n".repeat(10_000))],
    ["parts in parts in parts", () => nested],
    ["mails in mails in mails", () => "Content-Type: message/rfc822\n\n".repeat(50)],
    ["5 million boundaries that are none", () => multipart("a", "\n--ab".repeat(5 * MB))],
    ["a boundary of a megabyte", () => multipart("a".repeat(1_000), "--a\n")],
  ])("%s is refused", (_what, build) => {
    const mail = Buffer.from(`${build()}\n\n`);
    expect(() => recordingsOf(mail, 0)).toThrow(expect.objectContaining({ code: "MAIL_INVALID" }));
  });

  it.each<[string, () => string]>([
    ["25 million empty lines", () => `Content-Type: text/plain\n\n${"\n".repeat(25 * MB)}`],
    ["one line of 25 MB", () => `Content-Type: text/html\n\n${"<".repeat(25 * MB)}`],
    ["what looks like boundaries", () => multipart("a", "\n--".repeat(8 * MB))],
    ["a header of one word", () => `Content-Type: ${"; a".repeat(30_000)}\n\n`],
    ["a header of encoded words", () => `Subject: ${"=?utf-8?q?a?= ".repeat(9_000)}\n\n`],
    ["quotes without an end", () => `Content-Type: audio; ${'a="'.repeat(40_000)}\n\n`],
  ])("%s is read, and holds no recording", (_what, build) => {
    expect(() => recordingsOf(Buffer.from(build()), 0)).toThrow(
      expect.objectContaining({ code: "AUDIO_NOT_AUDIO" }),
    );
  });

  it.each(["base64", "quoted-printable", "x-unknown", "7bit"])("garbage in %s stays garbage", (encoding) => {
    const mail = `Content-Type: audio/wav\nContent-Transfer-Encoding: ${encoding}\n\n${"=!\0\xff".repeat(MB)}`;
    expect(recordingsOf(Buffer.from(mail, "latin1"), 0)).toHaveLength(1);
  });
});

describe("a client that does not keep to the protocol", () => {
  it("talks before it was greeted", async () => {
    const { intake, port } = await startMail();
    const client = new Talker(port);
    client.write(
      "EHLO a\r\nMAIL FROM:<a@b>\r\nRCPT TO:<a@b>\r\nDATA\r\nContent-Type: audio/wav\r\n\r\nx\r\n.\r\n",
    );
    expect(await client.reply()).toMatch(/^421 /);
    await client.closed;
    expect(intake.brought).toEqual([]);
  });

  it.each(["\n.\n", "\n.\r\n", "\r\n.\n", "\r.\r", "\r\n.\r", "\r\n\0.\r\n"])(
    "smuggles no second mail in behind %j",
    async (ending) => {
      const { intake, port } = await startMail();
      const client = new Talker(port);
      await client.begin();
      client.write("Content-Type: audio/wav\r\n\r\nfirst");
      client.write(`${ending}MAIL FROM:<x@y>\r\nRCPT TO:<x@y>\r\nDATA\r\n`);
      client.write("Content-Type: audio/wav\r\n\r\nsecond\r\n.\r\n");
      expect(await client.reply()).toMatch(/^250 /);
      expect(await client.say("NOOP")).toMatch(/^250 /);
      expect(intake.taken.map(({ bytes }) => Buffer.from(bytes).toString("latin1"))).toEqual([
        expect.stringMatching(/^first[\s\S]*second/),
      ]);
    },
  );

  it("cannot end a mail early by a dot that was stuffed", async () => {
    const { intake, port } = await startMail();
    const client = new Talker(port);
    await client.begin();
    // piece by piece, as a network might deliver it
    for (const piece of [
      "Content-Type: audio/wav\r\n\r\n",
      "one\r\n",
      ".",
      ".",
      "\r\n",
      "two\r\n",
      ".\r",
      "\n",
    ]) {
      await new Promise((written) => client.socket.write(piece, written));
    }
    expect(await client.reply()).toMatch(/^250 /);
    expect(intake.taken.map(({ bytes }) => Buffer.from(bytes).toString())).toEqual(["one\r\n.\r\ntwo\r\n"]);
  });

  it("announces a mail that is too large", async () => {
    const { port } = await startMail({ maxBytes: 10_000 });
    const client = new Talker(port);
    await client.reply();
    expect(await client.say("EHLO a")).toContain("SIZE 10000");
    expect(await client.say("MAIL FROM:<a@b> SIZE=10001")).toMatch(/^552 /);
  });

  it("sends more than it announced", async () => {
    const { intake, port } = await startMail({ maxBytes: 10_000 });
    const raw = await compose({ attachments: [attached(recording(10_000))] });
    await expect(send(port, { raw })).rejects.toMatchObject({ responseCode: 552 });
    expect(intake.brought).toEqual([]);
    await send(port, { attachments: [attached(recording(1_000))] });
    expect(intake.taken).toHaveLength(1);
  });

  it("may not log in, nor name another address as its own", async () => {
    const { port } = await startMail();
    const client = new Talker(port);
    await client.reply();
    expect(await client.say("EHLO a")).not.toMatch(/AUTH|STARTTLS|XCLIENT|XFORWARD/);
    for (const command of ["AUTH PLAIN AGEAYg==", "STARTTLS", "XCLIENT ADDR=192.0.2.1", "VRFY a", "EXPN a"])
      expect(await client.say(command)).toMatch(/^(?:5\d\d|252) /);
  });

  it("sends a line without an end", async () => {
    const { port } = await startMail();
    const client = new Talker(port);
    await client.reply();
    client.write("A".repeat(100_000));
    expect(await client.reply()).toMatch(/^421 /);
    await client.closed;
  });

  it("says nothing", async () => {
    const { port } = await startMail({ idleTimeout: "1s" });
    const client = new Talker(port);
    expect(await client.reply()).toMatch(/^220 /);
    expect(await client.reply()).toMatch(/^421 /);
    await client.closed;
  });

  it("is slow without an end, and is cut off", async () => {
    const { connector, intake, port } = await startMail({ sessionTimeout: "1s" });
    const client = new Talker(port);
    await client.begin();
    client.write("Content-Type: audio/wav\r\n\r\n");
    const drip = setInterval(() => client.write("drop by drop\r\n"), 50);
    expect(await client.reply()).toMatch(/^421 /);
    clearInterval(drip);
    await client.closed;
    await connector.stop();
    expect(intake.brought).toEqual([]);
  });

  it("is not cut off while its mail is being taken", async () => {
    const { intake, port } = await startMail({ sessionTimeout: "1s" });
    const held = Promise.withResolvers<void>();
    intake.held = held.promise;
    const client = new Talker(port);
    await client.begin();
    client.write("Content-Type: audio/wav\r\n\r\nsound\r\n.\r\n");
    const other = new Talker(port);
    await other.reply();
    expect(await other.reply()).toMatch(/^421 /); // which began later
    held.resolve();
    expect(await client.reply()).toMatch(/^250 /);
    expect(await client.reply()).toMatch(/^421 /);
  });

  it("takes every place, and others are told to come again", async () => {
    const { intake, port } = await startMail({ maxClients: 3 });
    const flood = Array.from({ length: 3 }, () => new Talker(port));
    for (const client of flood) await client.reply();
    const late = new Talker(port);
    expect(await late.reply()).toMatch(/^421 /);
    await late.closed;
    for (const client of flood) client.socket.end();
    for (const { socket } of flood) if (!socket.closed) await once(socket, "close");
    await send(port, { attachments: [attached(recording())] });
    expect(intake.taken).toHaveLength(1);
  });
});
