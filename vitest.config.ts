import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** The search for leaks looks at what every other end-to-end test has sent, so it comes last. */
class LeakSearchLast extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const [last = [], others = []] = [true, false].map((isLast) =>
      files.filter(({ moduleId }) => moduleId.endsWith("/nothing-leaks.test.ts") === isLast),
    );
    return [...(await super.sort(others)), ...last];
  }
}

/** Four suites, fastest first. `npm test` runs them all; `npx vitest --project unit` runs one. */
export default defineConfig({
  test: {
    sequence: { sequencer: LeakSearchLast },
    projects: [
      {
        test: { name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/e2e/**", "test/consumer/**"] },
      },
      {
        test: {
          name: "packages",
          include: ["packages/*/test/**/*.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts", "test/consumer/**/*.test.ts"],
          globalSetup: ["test/e2e/setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 180_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
