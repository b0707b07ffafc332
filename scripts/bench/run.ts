import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { useFfmpeg } from "../ffmpeg.ts";
import { install, pack } from "../pack/install.ts";
import { attachments } from "./attachment.ts";
import { coldSends } from "./cold.ts";
import { table } from "./table.ts";
import { warmSends } from "./warm.ts";
import { openWorld } from "./world.ts";

// `npm run bench [-- --quick]`: Sotto beside what it cannot beat, in one run. All contestants of a comparison take
// turns, so that their ratio holds on a busy machine too; the absolute figures are only this machine's.

const quick = process.argv.includes("--quick");
const ffmpeg = await useFfmpeg();
const folder = mkdtempSync(path.join(tmpdir(), "sotto-bench-"));
const world = await openWorld(folder);
try {
  const cli = path.join(await install(await pack(folder), path.join(folder, "consumer")), "dist/cli.js");
  const sender = await world.newSender(cli);
  console.log(
    `Node ${process.versions.node}, ffmpeg ${ffmpeg.version}, Synapse ${world.synapseVersion} (SQLite), ` +
      `${availableParallelism()} × ${cpus()[0]?.model ?? "unknown"}, load ${loadavg()[0]?.toFixed(1)} before the run`,
  );
  const figures = [
    ...(await coldSends(world, sender, cli, quick ? 5 : 15)),
    ...(await warmSends(world, sender, quick ? 1 : 3)),
    ...(await attachments(quick ? 3 : 7)),
  ];
  console.log(`\n${table(figures)}\n`);
  console.log("The engine on its store beside the engine in memory:\n");
  const engine = path.join(import.meta.dirname, "../../packages/crypto-nodejs/bench/engine.ts");
  execFileSync(process.execPath, [engine, quick ? "2" : "5"], { stdio: "inherit" });
} finally {
  await world.synapse.stop();
  rmSync(folder, { recursive: true });
}
