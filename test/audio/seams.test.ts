import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { clipOf } from "./clip.ts";
import { BANDS, bandSignalToNoise, clippedSamples, levelDb } from "./sound.ts";
import { sentences } from "./speech.ts";
import { decode, describeWithFfmpeg, folder, run } from "./with-ffmpeg.ts";

const RATE = 48_000;
const CHUNK_SECONDS = 10;
const SEAMS = 20;
/** In dB, of all seams together: 100 ms on either side, one with what the other had not encoded. */
const TOLERANCE = 2;
/** Of any one seam: half a second on either side, which may hold one loud vowel. */
const TOLERANCE_OF_ONE = 4;
const AUDIBLE_DB = -40;

describeWithFfmpeg("the seams between what several encoders made", () => {
  it("are as good as what one encoder made of the same words", async () => {
    const path = join(folder, "sentences.wav");
    await run("-v", "error", "-y", ...sentences((SEAMS + 1) * CHUNK_SECONDS + 1.234), path);
    const source = await pcm(path);
    const [alone, shared] = [
      await clipOf({ path }, { encoders: 1 }),
      await clipOf({ path }, { encoders: 2 }),
    ];
    const [whole, joined] = [await decode(alone.bytes), await decode(shared.bytes)];
    expect([whole.length, joined.length]).toEqual([source.length, source.length]);
    expect(shared.waveform).toEqual(alone.waveform);
    expect(clippedSamples(joined)).toBe(0);

    const around = (seam: number, seconds: number) => (sound: Int16Array) =>
      sound.subarray((seam * CHUNK_SECONDS - seconds) * RATE, (seam * CHUNK_SECONDS + seconds) * RATE);
    const seams = Array.from({ length: SEAMS }, (_, index) => index + 1);
    const audible = seams.filter((seam) => levelDb(around(seam, 0.5)(source)) > AUDIBLE_DB);
    expect(audible.length).toBeGreaterThan(SEAMS / 2);
    for (const seam of audible) {
      const [was, is, ofOne] = [source, joined, whole].map(around(seam, 0.5)) as Sounds;
      expect(Math.abs(levelDb(is) - levelDb(ofOne)), `level at seam ${seam}`).toBeLessThan(0.5);
      expectNotWorse([was, is, ofOne], TOLERANCE_OF_ONE, `seam ${seam}`);
    }
    const together = (sound: Int16Array): Int16Array =>
      Int16Array.from(seams.flatMap((seam) => [...around(seam, 0.1)(sound)]));
    expectNotWorse([source, joined, whole].map(together) as Sounds, TOLERANCE, "all seams");
  }, 240_000);
});

type Sounds = [source: Int16Array, joined: Int16Array, whole: Int16Array];

function expectNotWorse([source, joined, whole]: Sounds, tolerance: number, where: string): void {
  const [kept, ofOne] = [bandSignalToNoise(source, joined), bandSignalToNoise(source, whole)];
  for (const [band, [from, to]] of BANDS.entries())
    expect(kept[band], `${where}, ${from} to ${to} Hz`).toBeGreaterThan(ofOne[band]! - tolerance);
}

async function pcm(path: string): Promise<Int16Array> {
  const file = join(folder, "sentences.pcm");
  await run("-v", "error", "-y", "-i", path, "-f", "s16le", file);
  const bytes = await readFile(file);
  return new Int16Array(bytes.buffer, bytes.byteOffset, bytes.length / 2);
}
