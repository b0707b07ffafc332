import { spawnSync } from "node:child_process";

const CHECKS: readonly string[][] = [
  ["tsc", "-p", "tsconfig.json"],
  ["biome", "check", "--error-on-warnings"],
  ["node", "scripts/sample-config.ts", "--check"],
  ["node", "scripts/rules-page.ts", "--check"],
];

/** Types, lint, format, generated files. Says on standard output what fails. */
export function check(): boolean {
  return CHECKS.map(
    ([command, ...args]) => spawnSync(command!, args, { stdio: "inherit" }).status === 0,
  ).every(Boolean);
}

if (import.meta.main) process.exitCode = check() ? 0 : 1;
