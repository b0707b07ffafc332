import { createReadStream } from "node:fs";
import { readFile, stat, truncate } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findFfmpeg, sniffAudio } from "../../src/audio/index.ts";
import { readOpusStream } from "../../src/audio/ogg.ts";
import type { VoiceClip } from "../../src/model/recording.ts";
import { clipOf } from "./clip.ts";
import { INPUTS, makeInput } from "./inputs.ts";
import { describeWithFfmpeg, folder, run } from "./with-ffmpeg.ts";

const SECONDS = 2;

/** Mono at 48 kHz in packets of 20 ms; as long as it was; a waveform that shows a quiet recording. */
function expectVoice(clip: VoiceClip, toleranceMs: number): void {
  const stream = readOpusStream(clip.bytes);
  expect(stream).toMatchObject({ channels: 1, mappingFamily: 0, outputGain: 0 });
  expect(Math.round(stream.samples / 48)).toBe(clip.durationMs);
  expect(Math.abs(clip.durationMs - SECONDS * 1000)).toBeLessThanOrEqual(toleranceMs);
  expect(clip.waveform).toHaveLength(100);
  expect(Math.max(...clip.waveform)).toBe(1024);
  expect(clip.truncated).toBe(false);
}

describeWithFfmpeg("every input people have", () => {
  it.each(INPUTS.map((input) => [input.name, input] as const))("%s", async (_name, input) => {
    const { extension, raw, toleranceMs = 0 } = input;
    const path = await makeInput(input, folder, await findFfmpeg(), SECONDS);
    if (!raw) expect(sniffAudio(await readFile(path)).extension).toBe(extension);
    const options = raw ? { raw } : {};
    expectVoice(await clipOf({ path }, options), toleranceMs);
    // through a pipe, in pieces that fit nothing
    const stream = createReadStream(path, { highWaterMark: 4001 });
    expectVoice(await clipOf({ stream }, options), toleranceMs);
  });
});

it("the table in the docs is this list", async () => {
  const table = await readFile(join(import.meta.dirname, "../../docs/audio-formats.md"), "utf8");
  expect([...table.matchAll(/^\| ([^|`]+) \| `/gm)].map(([, name]) => name)).toEqual(
    INPUTS.map(({ name }) => name),
  );
});

describeWithFfmpeg("a recording that was cut short", () => {
  const KINDS = ["WAV s16le", "AIFF", "CAF with PCM", "FLAC", "MP3 with ID3 and Xing", "Ogg Vorbis", "AU"];
  const FURTHER = ["M4A, index at the beginning", "WebM with Opus", "Ogg Opus, mono"];

  it.each([...KINDS, ...FURTHER])("is sent as far as it goes, and told so: %s", async (name) => {
    const input = INPUTS.find((one) => one.name === name)!;
    const path = await makeInput({ ...input, name: `cut ${name}` }, folder, await findFfmpeg(), 4);
    await truncate(path, Math.floor((await stat(path)).size * 0.6));
    const source = { path };
    const stream = { stream: createReadStream(path, { highWaterMark: 4001 }) };
    for (const clip of [await clipOf(source), await clipOf(stream)]) {
      expect(clip.truncated).toBe(true);
      expect(clip.durationMs).toBeGreaterThan(900);
      expect(clip.durationMs).toBeLessThan(3000);
      readOpusStream(clip.bytes);
    }
  });
});

describeWithFfmpeg("the clip", () => {
  it.each([8000, 11_025, 44_100, 96_000])("is exact to the sample after minutes: %i Hz", async (rate) => {
    const path = join(folder, "long.wav");
    const source = `sine=sample_rate=${rate}:duration=100`;
    await run("-v", "error", "-y", "-f", "lavfi", "-i", source, path);
    const clip = await clipOf({ path });
    expect(clip).toMatchObject({ durationMs: 100_000, truncated: false });
    expect(readOpusStream(clip.bytes).samples).toBe(4_800_000);
  });

  it("has the bit rate that is asked for", async () => {
    const path = join(folder, "noise.wav");
    await run("-v", "error", "-y", "-f", "lavfi", "-i", "anoisesrc=duration=3", path);
    const sizes: number[] = [];
    for (const bitRate of [6000, 32_000, 128_000])
      sizes.push((await clipOf({ path }, { bitRate })).bytes.length);
    const [low, middle, high] = sizes.map((bytes) => (bytes * 8) / 3) as [number, number, number];
    expect(low).toBeLessThan(12_000);
    expect(middle / low).toBeGreaterThan(2);
    expect(high / middle).toBeGreaterThan(2);
  });

  it("is refused for a raw format that there is not", async () => {
    const raw = { coding: "s16le", sampleRate: 8000, channels: 900 };
    await expect(clipOf({ bytes: Buffer.alloc(9000) }, { raw })).rejects.toMatchObject({
      code: "USAGE",
    });
  });
});
