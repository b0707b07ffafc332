import { type FileHandle, open, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { convertVoice, sniffAudio, type TargetFormat } from "../../src/audio/index.ts";
import { readOpusStream } from "../../src/audio/ogg.ts";
import { describeWithFfmpeg, folder, hideFfmpeg, record, run } from "./with-ffmpeg.ts";

const TONE = "sine=frequency=440:sample_rate=48000:duration=2";
const FORMATS: TargetFormat[] = [
  { format: "wav" },
  { format: "wav", sampleRate: 16_000 },
  { format: "mp3" },
  { format: "m4a" },
  { format: "flac" },
  { format: "ogg" },
];

let voice: string;
let files = 0;
async function convert(path: string, target: TargetFormat) {
  const out = join(folder, `converted-${++files}.${target.format}`);
  const file: FileHandle = await open(out, "wx+", 0o600);
  try {
    return { out, ...(await convertVoice({ path }, target, file)) };
  } finally {
    await file.close();
  }
}

/** Seconds of sound, its loudness in dB and what ffmpeg complains of. */
async function heard(path: string) {
  const said = await run("-i", path, "-af", "volumedetect", "-f", "null", "-");
  const [, minutes, seconds] = /time=\d+:(\d+):([\d.]+)(?![\s\S]*time=)/.exec(said) ?? [];
  return {
    seconds: Number(minutes) * 60 + Number(seconds),
    loudness: Number(/mean_volume: (-?[\d.]+)/.exec(said)?.[1]),
    stream: /Stream #0:0.*Audio: (.*)/.exec(said)?.[1] ?? "",
    streams: said.split("Stream mapping")[0]!.match(/Stream #0:/g)?.length,
  };
}

describeWithFfmpeg("a received recording", () => {
  beforeAll(async () => {
    voice = await record("voice.ogg", TONE, "-c:a", "libopus", "-ac", "1", "-metadata", "title=SECRET");
  });

  it.each(FORMATS)("becomes $format $sampleRate", async (target) => {
    const { out, truncated } = await convert(voice, target);
    const bytes = await readFile(out);
    expect(truncated).toBe(false);
    expect(sniffAudio(bytes).extension).toBe(target.format);
    expect(bytes.includes("SECRET")).toBe(false);
    const before = await heard(voice);
    const after = await heard(out);
    expect(after.streams).toBe(1);
    expect(after.stream).toContain("mono");
    expect(Math.abs(after.seconds - 2)).toBeLessThan(0.1);
    expect(Math.abs(after.loudness - before.loudness)).toBeLessThan(1);
  });

  it("is, as WAV, what a telephone plays: 8 kHz, 16 bits, with its true length", async () => {
    const bytes = await readFile((await convert(voice, { format: "wav" })).out);
    expect(bytes.readUInt32LE(4)).toBe(bytes.length - 8);
    expect(bytes.readUInt32LE(40)).toBe(bytes.length - 44);
    expect([bytes.readUInt16LE(22), bytes.readUInt32LE(24), bytes.readUInt16LE(34)]).toEqual([1, 8000, 16]);
    expect((bytes.length - 44) / 2).toBe(16_000);
  });

  it("that somebody else recorded may be anything: M4A, whose index stands at its end", async () => {
    const m4a = await record("other.m4a", TONE, "-ac", "2");
    expect((await heard((await convert(m4a, { format: "wav" })).out)).seconds).toBeCloseTo(2, 1);
  });

  it("keeps its packets where it becomes Ogg", async () => {
    const { out } = await convert(voice, { format: "ogg" });
    const [before, after] = [voice, out].map(async (path) => readOpusStream(await readFile(path)).packets);
    expect(await after).toEqual(await before);
  });

  it("that is cut is said to be", async () => {
    const whole = await readFile(voice);
    const cut = join(folder, "cut.ogg");
    await writeFile(cut, whole.subarray(0, whole.length * 0.6));
    expect(await convert(cut, { format: "wav" })).toMatchObject({ truncated: true });
  });

  it.each([
    ["text", Buffer.from("hello, this is no recording\n".repeat(100))],
    ["a playlist", Buffer.from("#EXTM3U\n#EXTINF:2,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n")],
    ["a head and nothing", Buffer.concat([Buffer.from("OggS"), Buffer.alloc(24), Buffer.from("OpusHead")])],
  ])("is refused where it is %s", async (_, bytes) => {
    const path = join(folder, "hostile");
    await writeFile(path, bytes);
    for (const target of FORMATS)
      await expect(convert(path, target)).rejects.toMatchObject({ code: "AUDIO_NOT_AUDIO" });
  });

  it("is refused where it is longer than may be", async () => {
    const long = await record("long.flac", "anullsrc=duration=600");
    const file = await open(join(folder, "long.wav"), "wx+");
    const converting = convertVoice({ path: long }, { format: "wav" }, file, { maxDurationMs: 60_000 });
    await expect(converting).rejects.toMatchObject({ code: "AUDIO_TOO_LARGE" });
    expect((await file.stat()).size).toBeLessThan(2_000_000);
    await file.close();
  });

  it("needs ffmpeg", async () => {
    hideFfmpeg();
    await expect(convert(voice, { format: "wav" })).rejects.toMatchObject({ code: "FFMPEG_MISSING" });
  });
});
