import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { encodeVoice } from "../../src/audio/index.ts";
import { sentences } from "../../test/audio/speech.ts";
import { ratio } from "./measure.ts";
import { ffmpeg, pesq, pesqIsMissing, samples } from "./speech-quality.ts";
import type { Figure } from "./table.ts";

const SEAMS = 21;
const CHUNK_SECONDS = 10;
/** Heard on either side of a seam. */
const AROUND_SECONDS = 2;
const BYTES_PER_SECOND = 2 * 16_000;

/** How good listeners would find what two encoders made of words around each seam, beside what one made of them. */
export async function seamQuality(folder: string): Promise<Figure[]> {
  const missing = await pesqIsMissing();
  if (missing) console.warn(`PESQ of seams is not measured: ${missing}`);
  if (missing) return [];
  const recording = path.join(folder, "seams.wav");
  await ffmpeg(...sentences(SEAMS * CHUNK_SECONDS + 5), recording);
  const original = await windows(await samples(recording, path.join(folder, "seams.original")));
  const scores: number[][] = [];
  for (const encoders of [1, 2]) {
    const clip = path.join(folder, `seams-${encoders}.ogg`);
    await writeFile(clip, await buffer(encodeVoice({ path: recording }, { encoders }).chunks));
    const copies = await windows(await samples(clip));
    scores.push(await pesq(original.flatMap((file, seam) => [file, copies[seam]!])));
  }
  const [floor, values] = scores as [number[], number[]];
  const below = floor.map((score, seam) => score - values[seam]!);
  const figure = { unit: "" as const, values, floor, ratio: ratio(values, floor) };
  const mean = below.reduce((sum, value) => sum + value, 0) / below.length;
  const name = `PESQ around ${SEAMS} seams, one encoder's less two encoders'`;
  return [
    { ...figure, name: `${name}, in the mean`, difference: mean, atMost: 0.05 },
    { ...figure, name: `${name}, at most`, difference: Math.max(...below), atMost: 0.2 },
  ];
}

/** A file for each seam. */
async function windows(pcm: string): Promise<string[]> {
  const bytes = await readFile(pcm);
  const files = Array.from({ length: SEAMS }, (_, seam) => `${pcm}.${seam}`);
  for (const [seam, file] of files.entries()) {
    const [from, to] = [-AROUND_SECONDS, AROUND_SECONDS].map(
      (around) => ((seam + 1) * CHUNK_SECONDS + around) * BYTES_PER_SECOND,
    );
    await writeFile(file, bytes.subarray(from, to));
  }
  return files;
}
