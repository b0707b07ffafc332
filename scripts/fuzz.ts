import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { makeSeeds, mutate, tryMutant } from "../test/audio/mutants.ts";
import { useFfmpeg } from "./ffmpeg.ts";

// `npm run fuzz -- [COUNT] [FIRST]`: damaged recordings of all formats, from one number on. The same number is always
// the same recording; one that brings neither a voice message nor an error code is kept beside the report.

const AT_ONCE = 4;
const [count = 10_000, first = 0] = process.argv.slice(2).map(Number);
if (!Number.isInteger(count) || !Number.isInteger(first)) throw new Error("give a count and a first number");

const ffmpeg = await useFfmpeg();
const folder = mkdtempSync(path.join(tmpdir(), "sotto-fuzz-"));
const seeds = await makeSeeds(folder, ffmpeg.path);
console.log(
  `ffmpeg ${ffmpeg.version}, ${seeds.length} kinds of recordings, mutants ${first} to ${first + count - 1}`,
);

const outcomes = new Map<string, number>();
let failures = 0;
let next = first;
async function work(): Promise<void> {
  while (next < first + count) {
    const mutant = mutate(seeds, next++);
    const outcome = await tryMutant(mutant).catch((error: Error) => {
      const kept = path.join(folder, `failure-${++failures}.bin`);
      writeFileSync(kept, mutant.bytes);
      console.error(`${error.message}: kept as ${kept}`);
      return "failure";
    });
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
for (const [outcome, times] of [...outcomes].sort(([, a], [, b]) => b - a))
  console.log(`${times}\t${outcome}`);
if (failures === 0) rmSync(folder, { recursive: true });
process.exitCode = failures > 0 ? 1 : 0;
