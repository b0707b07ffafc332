import { expect, it } from "vitest";
import { findFfmpeg } from "../../src/audio/index.ts";
import { makeSeeds, mutate, tryMutant } from "./mutants.ts";
import { children, describeWithFfmpeg, folder, namedInMemory } from "./with-ffmpeg.ts";

/** `npm run fuzz` tries thousands. */
const MUTANTS = 200;
const AT_ONCE = 4;

describeWithFfmpeg("damaged recordings of all formats", () => {
  it(`bring a good voice message or an error code, and leave nothing behind: ${MUTANTS} of them`, async () => {
    const seeds = await makeSeeds(folder, await findFfmpeg());
    const outcomes: string[] = [];
    for (let first = 0; first < MUTANTS; first += AT_ONCE) {
      const numbers = Array.from({ length: AT_ONCE }, (_, index) => first + index);
      outcomes.push(...(await Promise.all(numbers.map((number) => tryMutant(mutate(seeds, number))))));
    }
    expect(outcomes).toHaveLength(MUTANTS);
    // else the mutants would be too damaged, or hardly at all
    expect(new Set(outcomes)).toContain("truncated");
    expect(new Set(outcomes)).toContain("AUDIO_NOT_AUDIO");
    await expect.poll(namedInMemory).toEqual([]);
    expect(await children()).toEqual([]);
  }, 240_000);
});
