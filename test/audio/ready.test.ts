import { createReadStream } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { readOpusStream } from "../../src/audio/ogg.ts";
import { oggChecksum } from "../../src/audio/ogg-checksum.ts";
import { writeOpusStream } from "../../src/audio/ogg-writer.ts";
import { cafOpus } from "./caf-by-hand.ts";
import { clipOf } from "./clip.ts";
import { describeWithFfmpeg, folder, hideFfmpeg, record, run } from "./with-ffmpeg.ts";

const TONE = "sine=frequency=440:sample_rate=48000:duration=2.003";
const OPUS = ["-c:a", "libopus", "-b:a", "24k", "-ac", "1"];

/** Sizes and checksums of the packets of a file, as ffmpeg's own hash muxer sees them; no line of ours is in that. */
async function packetHashes(path: string): Promise<string[]> {
  const hashes = join(folder, "hashes");
  await run("-v", "error", "-y", "-i", path, "-map", "0:a:0", "-c:a", "copy", "-f", "framehash", hashes);
  const lines = (await readFile(hashes, "utf8")).split("\n").filter((line) => /^0,/.test(line));
  return lines.map((line) => line.split(",").slice(4, 6).join(" ").trim());
}

async function hashesOf(clip: Uint8Array): Promise<string[]> {
  const path = join(folder, "repacked.ogg");
  await writeFile(path, clip);
  return packetHashes(path);
}

async function expectKept(path: string, durationMs: number, toleranceMs: number): Promise<void> {
  const packets = await packetHashes(path);
  expect(packets.length).toBeGreaterThan(1);
  for (const source of [{ path }, { stream: createReadStream(path, { highWaterMark: 777 }) }]) {
    const clip = await clipOf(source);
    expect(await hashesOf(clip.bytes)).toEqual(packets);
    expect(Math.abs(clip.durationMs - durationMs)).toBeLessThanOrEqual(toleranceMs);
    expect(clip.truncated).toBe(false);
    expect(clip.waveform).toHaveLength(100);
    expect(Math.max(...clip.waveform)).toBe(1024);
  }
}

describeWithFfmpeg("Opus that lies elsewhere than in Ogg", () => {
  it.each([
    ["webm", [], 1],
    ["mka", [], 1],
    ["mp4", [], 0],
    ["mp4", ["-movflags", "faststart"], 0],
    ["mp4", ["-movflags", "frag_keyframe+empty_moov"], 20],
  ])("keeps its packets byte for byte: %s %j", async (ending, options, toleranceMs) => {
    const path = await record(`kept.${ending}`, TONE, ...OPUS, ...options);
    await expectKept(path, 2003, toleranceMs);
  });

  it.each([2.5, 10, 60])("does so with frames of %f ms, which a clock in milliseconds rounds", async (ms) => {
    const options = ["-frame_duration", String(ms), "-application", "lowdelay"];
    await expectKept(await record("frames.webm", TONE, ...OPUS, ...options), 2003, 3);
  });

  it("does so with the sound of a video", async () => {
    const both = "testsrc=duration=2:size=64x64[out0];sine=duration=2[out1]";
    await expectKept(await record("video.webm", both, ...OPUS, "-c:v", "vp8"), 2000, 1);
  });

  it("closes holes in time, as browsers leave them", async () => {
    const whole = await record("whole.webm", TONE, ...OPUS);
    const path = join(folder, "holes.webm");
    await run(
      ...["-v", "error", "-y", "-i", whole, "-c", "copy"],
      ...["-bsf:a", "setts=ts=TS+mod(N*7\\,5)+if(gte(N\\,60)\\,400\\,0)", path],
    );
    await expectKept(path, 2003, 20);
  });

  it.each([
    ["stereo", ["-c:a", "libopus", "-ac", "2"]],
    ["Vorbis", ["-c:a", "libvorbis"]],
  ])("is encoded anew where it is %s", async (_, options) => {
    const path = await record("other.webm", TONE, ...options);
    const clip = await clipOf({ path });
    expect(readOpusStream(clip.bytes).channels).toBe(1);
    expect(await hashesOf(clip.bytes)).not.toEqual(await packetHashes(path));
    expect(Math.abs(clip.durationMs - 2003)).toBeLessThanOrEqual(30);
  });

  it("is encoded anew where it is cut, and that is said", async () => {
    const path = await record("cut.webm", TONE, ...OPUS);
    const bytes = await readFile(path);
    const clip = await clipOf({ bytes: bytes.subarray(0, bytes.length * 0.6) });
    expect(clip.truncated).toBe(true);
    expect(clip.durationMs).toBeGreaterThan(500);
    expect(clip.durationMs).toBeLessThan(2000);
  });
});

describeWithFfmpeg("Opus in CAF", () => {
  let source: Uint8Array;
  beforeAll(async () => {
    source = await readFile(await record("source.ogg", TONE, ...OPUS));
  });

  it("keeps its packets byte for byte, and needs no ffmpeg", async () => {
    const stream = readOpusStream(source);
    const caf = cafOpus(stream);
    const path = join(folder, "voice.caf");
    await writeFile(path, caf);
    expect(await packetHashes(path)).toEqual(await hashesOf(source));
    hideFfmpeg();
    for (const from of [{ path }, { bytes: caf }]) {
      const clip = await clipOf(from);
      expect(readOpusStream(clip.bytes)).toEqual(stream);
      expect(clip.durationMs).toBe(2003);
    }
  });

  it.each([
    ["cut in its sound", (caf: Buffer) => caf.subarray(0, caf.length - 500)],
    ["of two channels", (caf: Buffer) => withByte(caf, 20 + 27, 2)],
    ["with sizes that do not count up", (caf: Buffer) => withByte(caf, caf.indexOf("pakt") + 12 + 24, 1)],
    ["with a table that is too long", (caf: Buffer) => withByte(caf, caf.indexOf("pakt") + 12 + 4, 1)],
    ["longer at its ends than it is", (caf: Buffer) => withByte(caf, caf.indexOf("pakt") + 12 + 17, 9)],
  ])("is left to ffmpeg where it is %s", async (_, change) => {
    hideFfmpeg();
    const bytes = change(Buffer.from(cafOpus(readOpusStream(source))));
    await expect(clipOf({ bytes })).rejects.toMatchObject({ code: "FFMPEG_MISSING" });
  });
});

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value;
  return bytes;
}

/** RFC 7845 section 5.1: a decoder makes it louder by 3 dB. */
function withGain(ogg: Buffer): Buffer {
  const louder = Buffer.from(ogg);
  louder.writeInt16LE(3 * 256, 28 + 16);
  const head = louder.subarray(0, louder.indexOf("OggS", 1));
  head.writeUInt32LE(oggChecksum(head), 22);
  return louder;
}

// read by the reader of Ogg; test/audio/ogg.test.ts has what it refuses
describeWithFfmpeg("Opus in Ogg that is odd goes the slow way", () => {
  let ogg: Buffer;
  beforeAll(async () => {
    ogg = await readFile(await record("odd.ogg", TONE, ...OPUS, "-page_duration", "200000"));
  });
  const pages = (): Buffer[] => {
    const starts: number[] = [];
    for (let at = ogg.indexOf("OggS"); at >= 0; at = ogg.indexOf("OggS", at + 1)) starts.push(at);
    return starts.map((start, index) => ogg.subarray(start, starts[index + 1]));
  };
  const foreign = (): Buffer[] => {
    const found: Buffer[] = [];
    const other = Buffer.from(writeOpusStream(readOpusStream(ogg)));
    for (let at = 0; at >= 0 && at < other.length; ) {
      const next = other.indexOf("OggS", at + 1);
      found.push(other.subarray(at, next < 0 ? undefined : next));
      at = next;
    }
    return found;
  };

  it.each([
    ["chained", () => Buffer.concat([ogg, writeOpusStream(readOpusStream(ogg))]), false],
    [
      "multiplexed",
      () => {
        const [mine, theirs] = [pages(), foreign()];
        return Buffer.concat([mine[0]!, theirs[0]!, ...mine.slice(1), ...theirs.slice(1)]);
      },
      false,
    ],
    ["truncated", () => Buffer.concat(pages().slice(0, -3)), true],
    ["with a hole", () => Buffer.concat(pages().toSpliced(5, 1)), undefined],
    ["absurd: played at another gain", () => withGain(ogg), false],
  ])("%s", async (_, make, truncated) => {
    const bytes = make();
    const clip = await clipOf({ bytes });
    const kept = new Set(readOpusStream(ogg).packets.map((packet) => Buffer.from(packet).toString("hex")));
    const { packets, channels } = readOpusStream(clip.bytes);
    expect(channels).toBe(1);
    expect(packets.some((packet) => kept.has(Buffer.from(packet).toString("hex")))).toBe(false);
    if (truncated !== undefined) expect(clip.truncated).toBe(truncated);
    hideFfmpeg();
    await expect(clipOf({ bytes })).rejects.toMatchObject({ code: "FFMPEG_MISSING" });
  });
});
