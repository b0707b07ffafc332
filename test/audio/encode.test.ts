import { createReadStream } from "node:fs";
import { copyFile, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { probeVoice } from "../../src/audio/index.ts";
import { readOpusStream } from "../../src/audio/ogg.ts";
import { writeOpusStream } from "../../src/audio/ogg-writer.ts";
import type { VoiceClip } from "../../src/model/recording.ts";
import { clipOf } from "./clip.ts";
import { decode, describeWithFfmpeg, folder, namedInMemory, pretendFfmpeg, record } from "./with-ffmpeg.ts";

const SECRET = "composed at home";
const TONE = "sine=frequency=440:sample_rate=44100:duration=2";
const tags = ["-metadata", `title=${SECRET}`, "-metadata", `comment=${SECRET}`];

/** What must hold for every clip. */
async function expectClip(clip: VoiceClip, durationMs: number, toleranceMs = 0): Promise<void> {
  const stream = readOpusStream(clip.bytes);
  expect(stream).toMatchObject({ channels: 1, outputGain: 0, mappingFamily: 0 });
  expect(Math.abs(clip.durationMs - durationMs)).toBeLessThanOrEqual(toleranceMs);
  expect((await decode(clip.bytes)).length).toBe(stream.samples);
  expect(clip.waveform).toHaveLength(100);
  expect(Buffer.from(clip.bytes).includes(SECRET)).toBe(false);
  expect(Buffer.from(clip.bytes).includes("Lav")).toBe(false); // neither the encoder's name
  expect(probeVoice(clip.bytes)).toMatchObject({
    mimetype: "audio/ogg",
    codec: "opus",
    durationMs: clip.durationMs,
  });
}

describeWithFfmpeg("encoding", () => {
  it.each([
    ["wav", [], 0],
    ["flac", [], 0],
    ["aiff", [], 0],
    ["caf", [], 0],
    ["au", [], 0],
    ["mp3", [], 60],
    ["m4a", [], 30],
    ["aac", [], 60],
    ["webm", ["-c:a", "libopus"], 30],
    ["mka", ["-c:a", "flac"], 1],
    ["ogg", ["-c:a", "flac"], 0],
  ])("takes a file of %s", async (extension, options, toleranceMs) => {
    const path = await record(`tone.${extension}`, TONE, ...tags, ...options);
    await expectClip(await clipOf({ path }), 2000, toleranceMs);
  });

  // one that is read once, and one whose index stands at its end
  it.each([
    ["wav", 0],
    ["m4a", 30],
  ])("takes bytes and a stream of small chunks of %s", async (extension, toleranceMs) => {
    const path = await record(`tone.${extension}`, TONE, ...tags);
    await expectClip(await clipOf({ bytes: await readFile(path) }), 2000, toleranceMs);
    const stream = createReadStream(path, { highWaterMark: 1000 });
    await expectClip(await clipOf({ stream }), 2000, toleranceMs);
  });

  it("mixes stereo to mono", async () => {
    const path = await record("stereo.wav", TONE, "-ac", "2");
    await expectClip(await clipOf({ path }), 2000);
  });

  it("takes the sound of a video and leaves the pictures", async () => {
    const path = await record(
      "video.mp4",
      "testsrc=duration=1:size=320x240[out0];sine=duration=1[out1]",
      "-c:v",
      "mpeg4",
    );
    const clip = await clipOf({ path });
    await expectClip(clip, 1000, 60);
    expect(clip.bytes.length).toBeLessThan(10_000);
    expect(clip.truncated).toBe(false);
  });

  it.each([0.02, 0.001, 0.0205])("keeps a recording of %f s", async (seconds) => {
    const path = await record("short.wav", `sine=sample_rate=48000:duration=${seconds}`);
    await expectClip(await clipOf({ path }), Math.round(seconds * 1000));
  });

  it("draws silence as zeros", async () => {
    const path = await record("silent.wav", "anullsrc=duration=1");
    expect((await clipOf({ path })).waveform).toEqual(new Array(100).fill(0));
  });

  it("draws the sound where it is", async () => {
    const path = await record("late.wav", "aevalsrc=if(gte(t\\,1)\\,0.01*sin(2764*t)\\,0):duration=2");
    const { waveform } = await clipOf({ path });
    expect(Math.max(...waveform.slice(0, 49))).toBeLessThan(50);
    expect(Math.min(...waveform.slice(51))).toBeGreaterThan(900);
  });

  it("leaves no trace in memory files", async () => {
    await clipOf({ bytes: await readFile(await record("tone.m4a", TONE)) });
    await expect.poll(namedInMemory).toEqual([]);
  });
});

describeWithFfmpeg("repacking of Ogg Opus", () => {
  let path: string;
  beforeAll(async () => {
    path = await record("ready.ogg", TONE, ...tags, "-c:a", "libopus", "-b:a", "24k", "-ac", "1");
  });

  it("keeps the packets and loses the tags", async () => {
    const clip = await clipOf({ path });
    await expectClip(clip, 2000);
    expect(readOpusStream(clip.bytes).packets).toEqual(readOpusStream(await readFile(path)).packets);
  });

  it("does the same with bytes and with a stream", async () => {
    for (const clip of [
      await clipOf({ bytes: await readFile(path) }),
      await clipOf({ stream: createReadStream(path, { highWaterMark: 777 }) }),
    ]) {
      expect(readOpusStream(clip.bytes).packets).toEqual(readOpusStream(await readFile(path)).packets);
    }
  });

  it("encodes stereo anew", async () => {
    const stereo = await record("stereo.ogg", TONE, "-c:a", "libopus", "-ac", "2");
    await expectClip(await clipOf({ path: stereo }), 2000, 20);
  });

  it("encodes anew what does not decode as it is", async () => {
    const stream = readOpusStream(await readFile(path));
    const broken = Buffer.of((31 << 3) | 1, 1); // two frames of one size cannot share one byte
    const packets = stream.packets.map((packet, index) => (index >= 20 && index < 60 ? broken : packet));
    const clip = await clipOf({ bytes: writeOpusStream({ ...stream, packets }) });
    expect(readOpusStream(clip.bytes).packets).not.toContainEqual(broken);
  });

  it("encodes what there is of a truncated recording", async () => {
    const cut = join(folder, "cut.ogg");
    await copyFile(path, cut);
    await truncate(cut, 4500);
    const clip = await clipOf({ path: cut });
    await expectClip(clip, 1000, 500);
  });
});

describeWithFfmpeg("names", () => {
  it.each([
    "-i.wav",
    "-y",
    "a b;touch pwned.wav",
    "$(touch pwned).wav",
    "%03d.wav",
    "concat:a|b.wav",
    "file:.wav",
    "ü\n.wav",
  ])("mean nothing: %j", async (name) => {
    const named = join(folder, name);
    await copyFile(await record("tone.wav", TONE), named);
    await expectClip(await clipOf({ path: named }), 2000);
  });

  it("are paths and never addresses", async () => {
    await expect(clipOf({ path: "http://127.0.0.1:9/voice.wav" })).rejects.toMatchObject({
      code: "AUDIO_UNREADABLE",
    });
  });
});

describe("what is no recording", () => {
  it.each([
    ["a missing file", "missing.wav", "cannot be opened"],
    ["a device", "/dev/null", "not a file"],
    ["a folder", ".", "not a file"],
  ])("is refused: %s", async (_, path, message) => {
    await expect(clipOf({ path })).rejects.toMatchObject({
      code: "AUDIO_UNREADABLE",
      message: expect.stringContaining(message),
    });
  });

  it("is refused without its path in the error", async () => {
    const error: Error = await clipOf({ path: "/home/alice/secret.wav" }).catch((thrown) => thrown);
    expect(JSON.stringify(error)).not.toContain("alice");
  });

  it("is refused when there is nothing in it", async () => {
    const path = join(folder, "empty.wav");
    await writeFile(path, "");
    const empty = { code: "AUDIO_EMPTY" };
    await expect(clipOf({ path })).rejects.toMatchObject(empty);
    await expect(clipOf({ bytes: Buffer.alloc(0) })).rejects.toMatchObject(empty);
    await expect(clipOf({ stream: Readable.from([]) })).rejects.toMatchObject(empty);
  });

  it.each([
    ["before its first byte", ""],
    ["in Ogg Opus", `OggS${"\0".repeat(24)}OpusHead${"\0".repeat(60)}`],
  ])("may be given up: a stream that falls silent %s", async (_, begin) => {
    const stream = new Readable({ read() {} });
    if (begin) stream.push(Buffer.from(begin));
    const signal = AbortSignal.timeout(50);
    await expect(clipOf({ stream }, { signal })).rejects.toMatchObject({ name: "TimeoutError" });
  });

  it("passes on the error of a stream", async () => {
    await pretendFfmpeg("cat >/dev/null");
    const stream = new Readable({ read() {} });
    stream.push(Buffer.from(`RIFF\0\0\0\0WAVE${"\0".repeat(100)}`));
    setTimeout(() => stream.destroy(new Error("hung up")), 10);
    await expect(clipOf({ stream })).rejects.toThrow("hung up");
  });
});

describeWithFfmpeg("what ffmpeg cannot read", () => {
  it.each([
    ["text", Buffer.from("hello, this is no recording\n".repeat(100))],
    ["noise", Buffer.from(Array.from({ length: 5000 }, (_, n) => (n * n * 31) >> 3))],
    ["an OggS and nothing", Buffer.concat([Buffer.from("OggS"), Buffer.alloc(24), Buffer.from("OpusHead")])],
  ])("is refused: %s", async (_, bytes) => {
    await expect(clipOf({ bytes })).rejects.toMatchObject({ code: "AUDIO_NOT_AUDIO" });
  });

  it("is refused also when ffmpeg stops reading long before its end", async () => {
    const line = Buffer.from("this is no recording, however long it goes on\n".repeat(1_000));
    const stream = Readable.from(
      (function* () {
        for (let megabytes = 0; megabytes < 60; megabytes++) for (let n = 0; n < 22; n++) yield line;
      })(),
    );
    await expect(clipOf({ stream })).rejects.toMatchObject({ code: "AUDIO_NOT_AUDIO" });
  });

  it("is refused: a video without sound", async () => {
    const path = await record("mute.mp4", "testsrc=duration=1", "-c:v", "mpeg4");
    await expect(clipOf({ path })).rejects.toMatchObject({ code: "AUDIO_NOT_AUDIO" });
  });

  it("is refused: a recording of no samples", async () => {
    const path = await record("nothing.flac", TONE, "-af", "atrim=end_sample=0");
    await expect(clipOf({ path })).rejects.toMatchObject({ code: "AUDIO_EMPTY" });
  });

  it("is refused: an MP4 without its end", async () => {
    const path = await record("cut.m4a", TONE);
    await truncate(path, 8000);
    await expect(clipOf({ path })).rejects.toMatchObject({ code: "AUDIO_NOT_AUDIO" });
  });

  // or a recording could bring a file of this machine into a message
  it.each([
    [
      "a playlist",
      (path: string) => `#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nfile://${path}\n#EXT-X-ENDLIST\n`,
    ],
    ["a list of parts", (path: string) => `ffconcat version 1.0\nfile '${path}'\n`],
  ])("is refused: %s of other files", async (_, content) => {
    const playlist = join(folder, "playlist.wav");
    await writeFile(playlist, content(await record("tone.wav", TONE)));
    await expect(clipOf({ path: playlist })).rejects.toMatchObject({ code: "AUDIO_NOT_AUDIO" });
    await expect(clipOf({ bytes: await readFile(playlist) })).rejects.toMatchObject({
      code: "AUDIO_NOT_AUDIO",
    });
  });
});
