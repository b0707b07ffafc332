import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { useFfmpeg } from "../ffmpeg.ts";
import { install, pack } from "../pack/install.ts";
import { attachments } from "./attachment.ts";
import { audio } from "./audio.ts";
import { audits, FULL, QUICK } from "./audit.ts";
import { coldSends } from "./cold.ts";
import { shares } from "./share.ts";
import { type Figure, table } from "./table.ts";
import { warmSends } from "./warm.ts";
import { openWorld, type World } from "./world.ts";

// `npm run bench [-- --quick] [PART…]`: Sotto beside what it cannot beat, in one run. All contestants of a comparison
// take turns, so that their ratio holds on a busy machine too; the absolute figures are only this machine's. The parts
// are `cold`, `warm`, `share`, `attachments`, `audio`, `audit` and `engine`; without a name, all of them: `npm run bench --
// share`. `audit` makes 50,000 memberships before its first run, which takes a real Synapse half an hour or more.

const ON_A_SERVER = ["cold", "warm", "share"];
const PARTS = [...ON_A_SERVER, "attachments", "audio", "audit", "engine"];
const { values, positionals } = parseArgs({
  options: { quick: { type: "boolean", default: false } },
  allowPositionals: true,
});
const { quick } = values;
const unknown = positionals.find((name) => !PARTS.includes(name));
if (unknown !== undefined) throw new Error(`there is no part "${unknown}": ${PARTS.join(", ")}`);
const has = (part: string): boolean => positionals.length === 0 || positionals.includes(part);
const ffmpeg = await useFfmpeg();
const folder = mkdtempSync(path.join(tmpdir(), "sotto-bench-"));
console.log(
  `Node ${process.versions.node}, ffmpeg ${ffmpeg.version}, ${availableParallelism()} × ` +
    `${cpus()[0]?.model ?? "unknown"}, load ${loadavg()[0]?.toFixed(1)} before the run`,
);
const world = ON_A_SERVER.some(has) ? await openWorld(folder) : undefined;
try {
  const figures: Figure[] = world ? await onServer(world) : [];
  if (has("attachments")) figures.push(...(await attachments(quick ? 3 : 7)));
  if (has("audio")) figures.push(...(await audio(folder, quick)));
  if (has("audit")) figures.push(...(await audits(quick ? QUICK : FULL, quick ? 2 : 3)));
  if (figures.length > 0) console.log(`\n${table(figures)}\n`);
  if (has("engine")) {
    console.log("The engine on its store beside the engine in memory:\n");
    const engine = path.join(import.meta.dirname, "../../packages/crypto-nodejs/bench/engine.ts");
    execFileSync(process.execPath, [engine, quick ? "2" : "5"], { stdio: "inherit" });
  }
} finally {
  await world?.synapse.stop();
  rmSync(folder, { recursive: true });
}

async function onServer(world: World): Promise<Figure[]> {
  // only cold sends ask for the package
  const cli = has("cold")
    ? path.join(await install(await pack(folder), path.join(folder, "consumer")), "dist/cli.js")
    : path.join(import.meta.dirname, "../../src/cli.ts");
  const sender = await world.newSender(cli);
  console.log(`Synapse ${world.synapseVersion} (SQLite)`);
  const figures: Figure[] = [];
  if (has("cold")) figures.push(...(await coldSends(world, sender, cli, quick ? 5 : 15)));
  if (has("warm")) figures.push(...(await warmSends(world, sender, quick ? 1 : 3)));
  if (has("share")) figures.push(...(await shares(world, cli, quick ? 1 : 3)));
  return figures;
}
