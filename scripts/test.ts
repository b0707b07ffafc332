import { spawnSync } from "node:child_process";
import { pythonEnvironment } from "../synapse-dev/python.ts";
import { check } from "./check.ts";
import { useFfmpeg } from "./ffmpeg.ts";

/**
 * `npm test`: types, lint and generated files, then every suite; what fails of the first is not hidden behind the
 * second. Arguments go to vitest, and then only it runs.
 */
function test(vitestArguments: readonly string[]): number {
  if (vitestArguments.length === 0 && !check()) return 1;
  return spawnSync("vitest", ["run", ...vitestArguments], { stdio: "inherit" }).status ?? 1;
}

const [ffmpeg] = await Promise.all([useFfmpeg(), pythonEnvironment("synapse"), pythonEnvironment("witness")]);
console.log(`ffmpeg ${ffmpeg.version}, Node ${process.versions.node}`);
process.exitCode = test(process.argv.slice(2));
