import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readVoiceContent, type VoiceFacts, voiceContent } from "../../src/media/index.ts";
import type { EncryptedFile } from "../../src/model/event.ts";

const file: EncryptedFile = {
  v: "v2",
  url: "mxc://example.org/media",
  key: { kty: "oct", alg: "A256CTR", ext: true, k: "a".repeat(43), key_ops: ["encrypt", "decrypt"] },
  iv: "A".repeat(22),
  hashes: { sha256: "b".repeat(43) },
};
const waveform = Array.from({ length: 100 }, (_, point) => point * 10);
const facts: VoiceFacts = { durationMs: 6541, waveform, size: 18_211, file };
const bodyFor = (title: string): string => voiceContent({ ...facts, title }).body;

describe("voiceContent", () => {
  it("is the content every client reads", () => {
    expect(voiceContent(facts)).toEqual({
      msgtype: "m.audio",
      body: "Voice message.ogg",
      info: { mimetype: "audio/ogg", size: 18_211, duration: 6541 },
      file,
      "org.matrix.msc1767.audio": { duration: 6541, waveform },
      "org.matrix.msc3245.voice": {},
      "m.mentions": {},
    });
  });

  it("carries a relation", () => {
    const relatesTo = { "m.in_reply_to": { event_id: "$event" } };
    expect(voiceContent({ ...facts, relatesTo })["m.relates_to"]).toEqual(relatesTo);
  });

  it.each([
    ["Front door", "Front door.ogg"],
    ["door.ogg", "door.ogg"],
    ["  two\n lines\t", "two lines.ogg"],
    ["../../etc/passwd", "etc passwd.ogg"],
    ["C:\\a*b?", "C a b.ogg"],
    [".hidden", "hidden.ogg"],
    ["invoice\u202Egpj", "invoice gpj.ogg"],
    ["Sprachnachricht für Zoë 🎙", "Sprachnachricht für Zoë 🎙.ogg"],
    ["", "Voice message.ogg"],
    [" / ", "Voice message.ogg"],
    ["...", "Voice message.ogg"],
  ])("names the file by the title %j", (title, body) => {
    expect(bodyFor(title)).toBe(body);
  });

  it.each([
    [undefined, "Voice message (2 of 3).ogg"],
    ["News.ogg", "News (2 of 3).ogg"],
    ["x".repeat(200), `${"x".repeat(80)} (2 of 3).ogg`],
  ])("numbers the parts of a recording, whatever its title: %j", (title, body) => {
    const named = title === undefined ? {} : { title };
    expect(voiceContent({ ...facts, ...named, part: { number: 2, of: 3 } }).body).toBe(body);
  });

  it("makes of any title a file name of one line", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (title) => {
        expect(bodyFor(title)).toMatch(/^[^.\s/\\:\p{C}][^/\\:\p{C}]*\.ogg$/u);
        expect([...bodyFor(title)].length).toBeLessThanOrEqual(84);
      }),
    );
  });
});

describe("readVoiceContent", () => {
  it("reads back what voiceContent writes", () => {
    expect(readVoiceContent(JSON.parse(JSON.stringify(voiceContent(facts))))).toEqual({
      isVoice: true,
      body: "Voice message.ogg",
      file,
      durationMs: 6541,
      waveform,
      size: 18_211,
      mimetype: "audio/ogg",
    });
  });

  it.each([null, undefined, "m.audio", [], {}, { msgtype: "m.text" }])(
    "is not interested in %j",
    (content) => {
      expect(readVoiceContent(content)).toBeUndefined();
    },
  );

  it.each([
    ["org.matrix.msc3245.voice", {}, true],
    ["org.matrix.msc3245.voice", null, false],
    ["org.matrix.msc3245.voice", false, false],
    ["org.matrix.msc2516.voice", {}, true],
    ["org.matrix.msc3245.voice.v2", {}, true],
    ["org.example.voice", {}, false],
  ])("takes the marker %s: %j as %j", (marker, value, isVoice) => {
    expect(readVoiceContent({ msgtype: "m.audio", file, [marker]: value })?.isVoice).toBe(isVoice);
  });

  it.each([
    ["info alone", { info: 6541 }, 6541],
    ["the MSC1767 block alone", { audio: 6541 }, 6541],
    ["both", { info: 6541, audio: 6541 }, 6541],
    ["seconds in the block", { info: 6541, audio: 6.541 }, 6541],
    ["whole seconds in the block", { info: 6541, audio: 7 }, 6541],
    ["seconds in info", { info: 6, audio: 6541 }, 6541],
    ["a fraction alone", { info: 6.541 }, 6541],
    ["two that differ", { info: 6000, audio: 6541 }, 6000],
    ["nonsense", { info: "6541", audio: -1 }, undefined],
    ["not a number", { info: Number.NaN, audio: Number.POSITIVE_INFINITY }, undefined],
  ])("reads the duration from %s", (_, { info, audio }: { info?: unknown; audio?: unknown }, durationMs) => {
    const content = {
      msgtype: "m.audio",
      info: { duration: info },
      "org.matrix.msc1767.audio": { duration: audio },
    };
    expect(readVoiceContent(content)?.durationMs).toBe(durationMs);
  });

  it.each([
    ["of Element", [0, 512, 1024], [0, 512, 1024]],
    ["of bytes", [0, 128, 255], [0, 512, 1020]],
    ["above the range", [0, 2000], [0, 1024]],
    ["with holes", [null, 512, "x", -3, 600.4], [0, 512, 0, 0, 600]],
    ["null", null, undefined],
    ["empty", [], undefined],
    ["silent", [0, 0], [0, 0]],
    ["absurdly long", new Array(100_000).fill(1), undefined],
  ])("reads a waveform %s", (_, sent, read) => {
    const content = { msgtype: "m.audio", "org.matrix.msc1767.audio": { waveform: sent } };
    expect(readVoiceContent(content)?.waveform).toEqual(read);
  });

  it("takes the MIME type without its parameters, and the file name before the caption", () => {
    const content = {
      msgtype: "m.audio",
      body: "listen!",
      filename: "a.ogg",
      info: { mimetype: "Audio/OGG; codecs=opus" },
    };
    expect(readVoiceContent(content)).toMatchObject({ mimetype: "audio/ogg", body: "a.ogg" });
  });

  it("names a clear attachment as such", () => {
    const content = { msgtype: "m.audio", url: "mxc://example.org/clear" };
    expect(readVoiceContent(content)).toMatchObject({ url: "mxc://example.org/clear" });
  });

  it("never takes the clear attachment when an encrypted one is meant", () => {
    const content = { msgtype: "m.audio", url: "mxc://example.org/clear", file: { ...file, v: "v1" } };
    const read = readVoiceContent(content);
    expect(read).not.toHaveProperty("url");
    expect(read?.problem).toMatchObject({ code: "ATTACHMENT_INVALID" });
  });

  it("never throws", () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.string(), fc.jsonValue()),
        fc.jsonValue(),
        fc.jsonValue(),
        (rest, info, audio) => {
          readVoiceContent({
            ...rest,
            msgtype: "m.audio",
            info,
            file: info,
            "org.matrix.msc1767.audio": audio,
          });
        },
      ),
    );
  });
});
