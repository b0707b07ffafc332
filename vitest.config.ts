import { defineConfig } from "vitest/config";

/** Four suites, fastest first. `npm test` runs them all; `npx vitest --project unit` runs one. */
export default defineConfig({
  test: {
    projects: [
      { test: { name: "unit", include: ["test/**/*.test.ts"], exclude: ["test/e2e/**", "test/consumer/**"] } },
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
