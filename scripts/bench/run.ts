import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { useFfmpeg } from "../ffmpeg.ts";
import { install, pack } from "../pack/install.ts";
import { attachments } from "./attachment.ts";
import { AUDIO_PARTS, audio } from "./audio.ts";
import { audits, FULL, QUICK } from "./audit.ts";
import { coldSends } from "./cold.ts";
import { folderDeliveries } from "./delivery-folder.ts";
import { serviceMemory } from "./delivery-memory.ts";
import { deliveryRates } from "./delivery-rates.ts";
import { relays } from "./delivery-relay.ts";
import { restarts } from "./delivery-restart.ts";
import { shares } from "./share.ts";
import { type Figure, table } from "./table.ts";
import { warmSends } from "./warm.ts";
import { openWorld, type World } from "./world.ts";

// `npm run bench [-- --quick] [PART…]`: Sotto beside what it cannot beat, in one run. All contestants of a comparison
// take turns, so that their ratio holds on a busy machine too; the absolute figures are only this machine's. The parts
// are those of the list below, and `delivery` and `audio` name all of theirs; without a name, all of them:
// `npm run bench -- share`. `audit` must be named: before its first run it makes 50,000 memberships, which takes Synapse
// a long time.

const DELIVERY = ["rates", "folder", "relay", "memory", "restart"].map((part) => `delivery-${part}`);
const ON_A_SERVER = ["cold", "warm", "share", ...DELIVERY];
const AUDIO = AUDIO_PARTS.map((part) => `audio-${part}`);
const PARTS = [...ON_A_SERVER, "attachments", ...AUDIO, "audit", "engine"];
const { values, positionals } = parseArgs({
  options: { quick: { type: "boolean", default: false } },
  allowPositionals: true,
});
const { quick } = values;
const names = (name: string) => (part: string) => part === name || part.startsWith(`${name}-`);
const unknown = positionals.find((name) => !PARTS.some(names(name)));
if (unknown !== undefined) throw new Error(`there is no part "${unknown}": ${PARTS.join(", ")}`);
const has = (part: string): boolean =>
  positionals.length === 0 || positionals.some((name) => names(name)(part));
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
  const parts = AUDIO_PARTS.filter((part) => has(`audio-${part}`));
  if (parts.length > 0) figures.push(...(await audio(folder, quick, parts)));
  if (positionals.includes("audit")) figures.push(...(await audits(quick ? QUICK : FULL, quick ? 2 : 3)));
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
  if (has("delivery-rates")) figures.push(...(await deliveryRates(world, cli, quick)));
  if (has("delivery-folder")) figures.push(...(await folderDeliveries(world, cli, quick)));
  if (has("delivery-relay")) figures.push(...(await relays(world, cli, quick)));
  if (has("delivery-memory")) figures.push(...(await serviceMemory(world, cli, quick)));
  if (has("delivery-restart")) figures.push(...(await restarts(world, cli, quick)));
  return figures;
}
