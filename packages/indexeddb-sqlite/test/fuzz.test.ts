import assert from "node:assert/strict";
import { IDBFactory as FakeFactory, IDBKeyRange as FakeKeyRange } from "fake-indexeddb";
import fc from "fast-check";
import { test } from "vitest";
import { execute, type Implementation } from "./fuzz-execute.ts";
import { programs } from "./fuzz-programs.ts";
import { openTemporary } from "./support.ts";

/** More with FUZZ_RUNS=10000; a failure prints its seed and the smallest program that fails. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 400);

test(`${numRuns} random programs of overlapping transactions do the same as in fake-indexeddb`, async () => {
  const ours = openTemporary();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(programs, async (program) => {
      const name = `fuzz-${count++}`;
      const fake = { indexedDB: new FakeFactory(), IDBKeyRange: FakeKeyRange } as unknown as Implementation;
      const expected = await execute(fake, name, program);
      const actual = await execute(ours, name, program);
      assert.deepEqual(actual, expected);
    }),
    { numRuns },
  );
}, 0);
