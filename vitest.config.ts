import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

const LEAKS = "test/e2e/nothing-leaks.test.ts";
const E2E = ["test/e2e/**/*.test.ts", "test/consumer/**/*.test.ts"];
const FAULTS = "test/faults/**/*.test.ts";
const maxWorkers = availableParallelism(); // vitest itself leaves one core idle

/** Of each project: they would come late, since on a machine without earlier times vitest goes by a file's size. */
const LONGEST = [
  /\/e2e\/(?:kill|key-recipients|recovery-kill|recovery-trouble|identity-reset|interrupted|run-relays|live-end)\.test/,
  /\/audio\/(?:several-encoders|split|fuzz|seams)\.test/,
  /\/commands\/ingest\.test/,
  /\/crypto-nodejs\/test\/(?:crash|bot-sdk)\.test/,
  /\/indexeddb-sqlite\/test\/(?:fuzz|durability)\.test/,
];

/** Begins with the longest files: no core waits for one at the end. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => LONGEST.some((path) => path.test(moduleId));
    const projects = Map.groupBy(await super.sort(files), ({ project }) => project);
    return [...projects.values()].flatMap((sorted) => [
      ...sorted.filter(isLong),
      ...sorted.filter((file) => !isLong(file)),
    ]);
  }
}

/**
 * Fastest first. `npm test` runs them all; `npx vitest --project unit` runs one. The search for leaks looks at what
 * every end-to-end test has sent, so it is a project of its own, whose turn comes when they have ended.
 */
export default defineConfig({
  test: {
    globalSetup: ["test/support/packed.ts"],
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...E2E, FAULTS],
          testTimeout: 30_000, // many start a process
          expect: { poll: { timeout: 10_000 } },
          maxWorkers,
        },
      },
      {
        test: {
          name: "packages",
          include: ["packages/*/test/**/*.test.ts"],
          testTimeout: 60_000,
          maxWorkers,
        },
      },
      {
        test: {
          name: "e2e",
          include: E2E,
          exclude: [LEAKS],
          globalSetup: ["test/e2e/setup.ts"],
          setupFiles: ["test/e2e/log-everything.ts"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          expect: { poll: { timeout: 10_000 } },
          maxWorkers: 2, // there is one Synapse, which has one core's work from each
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          name: "leaks",
          include: [LEAKS],
          testTimeout: 120_000,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: "faults",
          // `npm run test:faults` says so; else a sample
          include: process.env.SOTTO_FAULTS ? [FAULTS] : ["test/faults/exactly-once.test.ts"],
          globalSetup: ["test/faults/setup.ts"],
          testTimeout: 300_000,
          hookTimeout: 180_000,
          fileParallelism: false, // they halt the homeserver
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
