import { spawnSync } from "node:child_process";
import { pythonEnvironment } from "../synapse-dev/python.ts";
import { check } from "./check.ts";
import { useFfmpeg } from "./ffmpeg.ts";

/** `npm test`: types, lint and generated files, then every suite. Arguments go to vitest, and then only it runs. */
const vitestArguments = process.argv.slice(2);

const [ffmpeg] = await Promise.all([useFfmpeg(), pythonEnvironment("synapse"), pythonEnvironment("witness")]);
console.log(`ffmpeg ${ffmpeg.version}, Node ${process.versions.node}`);
const checked = vitestArguments.length > 0 || check();
const { status } = spawnSync("vitest", ["run", ...vitestArguments], { stdio: "inherit" });
process.exitCode = checked ? (status ?? 1) : 1;
