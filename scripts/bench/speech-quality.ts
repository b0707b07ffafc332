import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { encodeVoice } from "../../src/audio/index.ts";
import { OPUSENC_SETTINGS, RECORDINGS, SPOKEN } from "../../test/audio/speech.ts";
import { ratio } from "./measure.ts";
import type { Figure } from "./table.ts";

const run = promisify(execFile);

/** A Python that has `pesq` and `numpy` of PyPI; `pesq` is compiled when it is installed. */
const PYTHON = process.env.SOTTO_PESQ_PYTHON ?? "python3";

/** How good listeners would find our clips, by their likes (1 to 4.64), beside those of opusenc. */
export async function speechQuality(folder: string): Promise<Figure[]> {
  const missing = (await opusencIsMissing()) ?? (await pesqIsMissing());
  if (missing) console.warn(`PESQ is not measured: ${missing}`);
  if (missing) return [];
  const at = (file: string): string => path.join(folder, `pesq-${file}`);
  const pairs: string[] = [];
  for (const [, file, options] of RECORDINGS) {
    const [recording, wav, ogg, theirs] = [at(file), at("48.wav"), at("ours.ogg"), at("theirs.ogg")];
    await ffmpeg("-i", SPOKEN, ...options, recording);
    const original = await samples(recording);
    await ffmpeg("-i", recording, "-ac", "1", "-ar", "48000", "-c:a", "pcm_s16le", wav);
    const { chunks } = encodeVoice({ path: recording });
    await writeFile(ogg, await buffer(chunks));
    await run("opusenc", [...OPUSENC_SETTINGS, wav, theirs]);
    pairs.push(original, await samples(ogg, `${recording}.ours`));
    pairs.push(original, await samples(theirs, `${recording}.theirs`));
  }
  const scores = await pesq(pairs);
  const [ours, theirs] = [0, 1].map((which) => scores.filter((_, at) => at % 2 === which)) as [
    number[],
    number[],
  ];
  const below = theirs.map((score, index) => score - ours[index]!);
  console.log("PESQ below that of opusenc:");
  for (const [index, [name]] of RECORDINGS.entries()) console.log(`  ${below[index]!.toFixed(3)}  ${name}`);
  const difference = below.reduce((sum, value) => sum + value, 0) / below.length;
  const name = `PESQ of ${below.length} recordings, opusenc's less ours in the mean`;
  return [
    { name, unit: "", values: ours, floor: theirs, ratio: ratio(ours, theirs), difference, atMost: 0.05 },
  ];
}

/** @param pairs files of 16-bit PCM, mono, 16 kHz: what was said, and what is heard, in turn */
export async function pesq(pairs: readonly string[]): Promise<number[]> {
  const { stdout } = await run(PYTHON, [path.join(import.meta.dirname, "speech-quality.py"), ...pairs]);
  return stdout.trim().split("\n").map(Number);
}

export async function opusencIsMissing(): Promise<string | undefined> {
  const there = run("opusenc", ["--version"]);
  return there.then(
    () => undefined,
    () => "there is no opusenc on the PATH (Debian: opus-tools)",
  );
}

export async function pesqIsMissing(): Promise<string | undefined> {
  const there = run(PYTHON, ["-c", "import numpy, pesq"]);
  return there.then(
    () => undefined,
    () => "name a Python that has pesq and numpy of PyPI in $SOTTO_PESQ_PYTHON",
  );
}

/** As 16-bit PCM, mono, 16 kHz. */
export async function samples(recording: string, to = recording): Promise<string> {
  const pcm = `${to}.pcm`;
  await ffmpeg("-i", recording, "-f", "s16le", "-ac", "1", "-ar", "16000", pcm);
  return pcm;
}

export const ffmpeg = (...args: string[]) => run("ffmpeg", ["-nostdin", "-v", "error", "-y", ...args]);
