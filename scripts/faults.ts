import { spawnSync } from "node:child_process";
import { pythonEnvironment } from "../synapse-dev/python.ts";
import { useFfmpeg } from "./ffmpeg.ts";

/**
 * `npm run test:faults`: what `npm test` runs a sample of, in full. The first argument says how much, as
 * `messages,rooms,kills,faults,seed`; what follows goes to vitest.
 */
const [amount = "1000,20,500,2000,1", ...rest] = process.argv.slice(2);
await Promise.all([useFfmpeg(), pythonEnvironment("synapse"), pythonEnvironment("witness")]);
const { status } = spawnSync("vitest", ["run", "--project", "faults", ...rest], {
  stdio: "inherit",
  env: { ...process.env, SOTTO_FAULTS: amount },
});
process.exitCode = status ?? 1;
