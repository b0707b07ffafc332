import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { findProgram } from "../../src/audio/find-program.ts";
import { clipOf } from "./clip.ts";
import { BANDS, bandSignalToNoise, clippedSamples, correlation, levelDb } from "./sound.ts";
import { OPUSENC_SETTINGS, RECORDINGS, SPOKEN } from "./speech.ts";
import { decode, describeWithFfmpeg, folder, run } from "./with-ffmpeg.ts";

const opusenc = await findProgram("opusenc");
if (!opusenc) console.warn("skipped: the comparison with opusenc needs opusenc (Debian: opus-tools)");

describeWithFfmpeg("a clip of speech", () => {
  it.each(RECORDINGS)("sounds as the recording does: %s", async (_, file, options) => {
    const path = await speak(file, options);
    const [source, clip] = [await pcm(path), await clipOf({ path })];
    const heard = await decode(clip.bytes);
    expect(Math.abs(heard.length - source.length) / 48).toBeLessThanOrEqual(20);
    expect(Math.abs(clip.durationMs - source.length / 48)).toBeLessThanOrEqual(20);
    expect(Math.abs(levelDb(heard) - levelDb(source))).toBeLessThanOrEqual(1);
    expect([clippedSamples(source), clippedSamples(heard)]).toEqual([0, 0]);
    expect(correlation(clip.waveform, await loudness(path, source.length))).toBeGreaterThan(0.95);
  });

  it("keeps of every band what opusenc keeps: its figures, version 1.3.1", async () => {
    const heard = await decode((await clipOf({ path: SPOKEN })).bytes);
    expectNotWorse(bandSignalToNoise(await pcm(SPOKEN), heard), [28.9, 24.8, 22.2, 18.1, 9.5]);
  });
});

describe.skipIf(!opusenc)("a clip beside opusenc's of the same bit rate and complexity", () => {
  it.each(RECORDINGS)("keeps as much of every band: %s", async (_, file, options) => {
    const path = await speak(file, options);
    const [wav, ogg] = [join(folder, `${file}.48.wav`), join(folder, `${file}.opusenc.ogg`)];
    await run("-v", "error", "-y", "-i", path, "-ac", "1", "-ar", "48000", "-c:a", "pcm_s16le", wav);
    await promisify(execFile)(opusenc!, [...OPUSENC_SETTINGS, wav, ogg]);
    const source = await pcm(path);
    const [ours, theirs] = [(await clipOf({ path })).bytes, await readFile(ogg)];
    expectNotWorse(
      bandSignalToNoise(source, await decode(ours)),
      bandSignalToNoise(source, await decode(theirs)),
    );
  });
});

/** In dB: versions of libopus differ by up to 1.2 at the same settings; half the bit rate costs 3 and more. */
const TOLERANCE = 1.5;

function expectNotWorse(ours: readonly number[], theirs: readonly number[]): void {
  for (const [band, [from, to]] of BANDS.entries())
    expect(ours[band], `${from} to ${to} Hz`).toBeGreaterThan(theirs[band]! - TOLERANCE);
}

async function speak(file: string, options: readonly string[]): Promise<string> {
  const path = join(folder, file);
  await run("-v", "error", "-y", "-i", SPOKEN, ...options, path);
  return path;
}

/** As ffmpeg decodes it to 16 bits: mono, 48 kHz. */
async function pcm(path: string): Promise<Int16Array> {
  const file = join(folder, "source.pcm");
  await run("-v", "error", "-y", "-i", path, "-f", "s16le", "-ac", "1", "-ar", "48000", file);
  const bytes = await readFile(file);
  return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}

/** Loudness (RMS) of each hundredth of a recording, as ffmpeg counts it. */
async function loudness(path: string, samples: number): Promise<number[]> {
  const hundredths = `asetnsamples=n=${Math.ceil(samples / 100)}:p=0,astats=metadata=1:reset=1`;
  const key = "lavfi.astats.Overall.RMS_level";
  const print = `ametadata=print:key=${key}:file=${join(folder, "loudness.txt")}`;
  const filters = `aresample=48000,aformat=channel_layouts=mono,${hundredths},${print}`;
  await run("-v", "error", "-i", path, "-af", filters, "-f", "null", "-");
  const lines = (await readFile(join(folder, "loudness.txt"), "utf8")).split("\n");
  const levels = lines.filter((line) => line.startsWith(key)).map((line) => line.split("=")[1]);
  return levels.map((level) => (level === "-inf" ? 0 : 10 ** (Number(level) / 20)));
}
