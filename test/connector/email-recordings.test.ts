import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { forRoom, recordingsOf } from "../../src/connector/email/recordings.ts";
import { attached, compose, recording } from "../support/mail.ts";

const NOW_MS = Date.UTC(2026, 10, 23);
const take = (mail: Buffer | string) => recordingsOf(Buffer.from(mail), NOW_MS);
const bytesOf = (mail: Buffer | string): Buffer[] => take(mail).map(({ source }) => source.bytes);

/** As Asterisk's app_voicemail writes one to the standard input of `mailcmd`: lines end with a line feed alone. */
function asteriskMail({
  content,
  format = "wav",
  headers = "",
}: {
  content: Buffer;
  format?: string;
  headers?: string;
}) {
  const lines = content.toString("base64").replace(/.{72}/g, "$&\n");
  return `Date: Fri, 02 Jan 2026 04:04:05 +0100
From: "Asterisk PBX" <asterisk@pbx>
To: "Jane" <jane@example.org>
Subject: [PBX]: New message 3 in mailbox 100
Message-ID: <Asterisk-3-1804289383-100-4711@pbx>
${headers}MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="----voicemail_31004711846930886"


This is for those who cannot read it.

------voicemail_31004711846930886
Content-Type: text/plain; charset=ISO-8859-1
Content-Transfer-Encoding: 8bit

You have a message.

------voicemail_31004711846930886
Content-Type: audio/x-${format}; name="msg0002.${format}"
Content-Transfer-Encoding: base64
Content-Description: Voicemail sound attachment.
Content-Disposition: attachment; filename="msg0002.${format}"

${lines}

------voicemail_31004711846930886--
.
`;
}

describe("a voicemail of Asterisk", () => {
  it("is read from its mail", () => {
    const content = recording(10_000);
    const headers = "X-Asterisk-CallerID: 0301234\nX-Asterisk-CallerIDName: Jane Doe\n";
    expect(take(asteriskMail({ content, headers }))).toEqual([
      {
        id: expect.stringMatching(/^[\da-f]{64}$/),
        source: { bytes: content },
        about: {
          caller: "Jane Doe 0301234",
          recordedMs: Date.parse("2026-01-02T03:04:05Z"),
          note: "[PBX]: New message 3 in mailbox 100",
        },
      },
    ]);
  });

  it("has no caller where Asterisk knows none, for From is Asterisk itself", () => {
    expect(take(asteriskMail({ content: recording() }))[0]!.about).not.toHaveProperty("caller");
  });

  it("says more where voicemail lies in IMAP", () => {
    const headers =
      "X-Asterisk-VM-Caller-ID-Num: 0301234\nX-Asterisk-VM-Caller-ID-Name: Jane\nX-Asterisk-VM-Orig-time: 1767000000\nX-Asterisk-CallerID: 0301234\n";
    const { about } = take(asteriskMail({ content: recording(), headers }))[0]!;
    expect(about).toMatchObject({ caller: "Jane 0301234", recordedMs: 1767000000_000 });
  });

  it.each([
    ["gsm", { coding: "gsm", sampleRate: 8000, channels: 1 }],
    ["g722", { coding: "g722", sampleRate: 16_000, channels: 1 }],
    ["ulaw", { coding: "mulaw", sampleRate: 8000, channels: 1 }],
    ["WAV", undefined],
    ["wav", undefined],
  ])("in the format %s", (format, raw) => {
    const content = recording();
    const [taken] = take(asteriskMail({ content, format }));
    expect([taken!.source.bytes, taken!.raw]).toEqual([content, raw]);
  });
});

describe("which parts are recordings", () => {
  it.each([
    ["audio/mpeg", "a.bin", true],
    ["AUDIO/X-Wav", "a", true],
    ["application/ogg", "a", true],
    ["video/3gpp", "note.3gp", true],
    ["application/octet-stream", "Voicemail.WAV", true],
    ["application/octet-stream", "voicemail.m4a ", true],
    ["application/octet-stream", "report.pdf", false],
    ["application/pdf", "report.pdf", false],
    ["image/png", "trick.wav", false],
    ["text/plain", "trick.wav", false],
    ["video/mp4", "film.mp4", false],
  ])("%s, named %s", (type, name, isOne) => {
    const mail = `Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: ${type}; name="${name}"\r\n\r\nsound\r\n--x\r\nContent-Type: audio/wav\r\n\r\nalways\r\n--x--\r\n`;
    expect(bytesOf(mail).map(String)).toEqual(isOne ? ["sound", "always"] : ["always"]);
  });

  it.each([
    [
      "an encoded word",
      'Content-Disposition: attachment; filename="=?utf-8?Q?Anruf_f=C3=BCr_Zo=C3=AB=2Ewav?="',
    ],
    ["RFC 2231", "Content-Disposition: attachment; filename*=UTF-8''Anruf%20f%C3%BCr.wav"],
    [
      "several pieces",
      'Content-Disposition: attachment; filename*0="call from"; filename*1=" home.w";\r\n filename*2=av',
    ],
    ["an alphabet of old", "Content-Disposition: attachment; filename*=iso-8859-1''f%FCr.wav"],
    ["quotes", 'Content-Disposition: attachment; filename="a \\"b\\"; c.wav"'],
    ["the type", "Content-Type: application/octet-stream; charset=binary; name=a.wav"],
  ])("a name in %s", (_how, header) => {
    const type = header.startsWith("Content-Type") ? "" : "Content-Type: application/octet-stream\r\n";
    expect(bytesOf(`${type}${header}\r\n\r\nsound`).map(String)).toEqual(["sound"]);
  });
});

describe("a recording's identity", () => {
  const mail = (id: string, content: Buffer, ...more: Buffer[]) =>
    compose({ messageId: id, attachments: [content, ...more].map((bytes) => attached(bytes)) });
  const [content, other] = [recording(), recording()];

  it("is that of its mail, whatever servers write into it on the way", async () => {
    const raw = await mail("<a@b>", content);
    const later = Buffer.concat([Buffer.from("Received: from x by y; today\r\n"), raw]);
    expect(take(later)[0]!.id).toBe(take(raw)[0]!.id);
  });

  it("differs by mail, by part, by room and by content", async () => {
    const [one, two] = take(await mail("<a@b>", content, content));
    const [third] = take(await mail("<c@d>", content));
    const [fourth] = take(await mail("<a@b>", other));
    const rooms = ["!a", "!b"].map((room) => forRoom(one!, room).id);
    expect(new Set([one!.id, two!.id, third!.id, fourth!.id, ...rooms]).size).toBe(6);
  });

  it("is there without a Message-ID", () => {
    const written = (subject: string) => `Subject: ${subject}\nContent-Type: audio/wav\n\nsound`;
    expect(take(written("one"))[0]!.id).toBe(take(written("one"))[0]!.id);
    expect(take(written("one"))[0]!.id).not.toBe(take(written("two"))[0]!.id);
  });
});

describe("when it was recorded", () => {
  it.each([
    ["Fri, 02 Jan 2026 04:04:05 +0100", Date.parse("2026-01-02T03:04:05Z")],
    ["Thu, 01 Jan 1970 00:00:00 +0000", undefined],
    ["Fri, 02 Jan 2099 04:04:05 +0100", undefined],
    ["yesterday", undefined],
    ["", undefined],
  ])("by a clock that says %s", (date, recordedMs) => {
    const [taken] = take(`Date: ${date}\nContent-Type: audio/wav\n\nsound`);
    expect(taken!.about?.recordedMs).toBe(recordedMs);
  });
});

describe("every way to write a mail gives the same bytes", () => {
  const transferEncoding = fc.constantFrom("base64", "quoted-printable") as fc.Arbitrary<"base64">;

  it("as another program composes it", async () => {
    const attachment = fc.record({
      content: fc.uint8Array({ minLength: 1, maxLength: 3_000 }).map((bytes) => Buffer.from(bytes)),
      filename: fc
        .string({ minLength: 1, unit: "grapheme" })
        .map((name) => `${name.replaceAll(/[\r\n]/g, "")}.wav`),
      contentTransferEncoding: transferEncoding,
    });
    await fc.assert(
      fc.asyncProperty(fc.array(attachment, { minLength: 1, maxLength: 4 }), async (attachments) => {
        const mail = await compose({
          text: "--a\r\n--\r\n",
          html: "<p>--a</p>",
          attachments: attachments.map((one) => ({ ...one, contentType: "audio/x-wav" })),
        });
        expect(bytesOf(mail)).toEqual(attachments.map(({ content }) => content));
      }),
      { numRuns: 60 },
    );
  });

  it("inside of a mail that was forwarded", async () => {
    const content = recording();
    const inner = await compose({ attachments: [attached(content)] });
    const mail = await compose({
      attachments: [{ content: inner, contentType: "message/rfc822", contentDisposition: "attachment" }],
    });
    expect(bytesOf(mail)).toEqual([content]);
  });

  it.each([
    ["without a last boundary", "--x\nContent-Type: audio/wav\n\nsound"],
    ["with blanks behind a boundary", "--x \t\nContent-Type: audio/wav\n\nsound\n--x-- \n"],
    [
      "with words before and behind",
      "words\n--x\nContent-Type: audio/wav\n\nsound\n--x--\nwords\n--x\nContent-Type: audio/wav\n\nmore",
    ],
    [
      "with a boundary that begins as another",
      "--x\nContent-Type: multipart/mixed; boundary=xy\n\n--xy\nContent-Type: audio/wav\n\nsound\n--xy--\n\n--x--\n",
    ],
    ["with a boundary inside of a line", "--x\nContent-Type: audio/wav; a=--x\n\nsound\n--x--"],
    ["with a part that says nothing of itself", "--x\n\nwords\n--x\nContent-Type: audio/wav\n\nsound\n--x--"],
  ])("%s", (_how, body) => {
    expect(bytesOf(`Content-Type: multipart/mixed; boundary=x\n\n${body}`).map(String)).toEqual(["sound"]);
  });

  it("with lines in it that begin as its boundary", () => {
    const sound = "--xylophone\n--x -\n--\n-- x";
    const mail = `Content-Type: multipart/mixed; boundary=x\n\n--x\nContent-Type: audio/wav\n\n${sound}\n--x--`;
    expect(bytesOf(mail).map(String)).toEqual([sound]);
  });

  it("with what does not belong into base64", () => {
    const mail = "Content-Type: audio/wav\nContent-Transfer-Encoding: Base64\n\nc29\t1\n bm\r\nQ=\n";
    expect(bytesOf(mail).map(String)).toEqual(["sound"]);
  });
});

it("a mail without a recording says so", () => {
  expect(() => take("Subject: hello\n\nhello")).toThrow(expect.objectContaining({ code: "AUDIO_NOT_AUDIO" }));
  expect(() => take("")).toThrow(expect.objectContaining({ code: "AUDIO_NOT_AUDIO" }));
});
