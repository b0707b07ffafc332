import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { ratio } from "./measure.ts";
import { type RunningService, residentOf } from "./running-service.ts";
import type { Figure } from "./table.ts";
import { type WatchedFolder, watchFolders } from "./watched-folders.ts";
import type { World } from "./world.ts";

const FOLDERS = 8;

/** What `sotto run` holds when nothing is to be done, and while all of its folders are full. */
export async function serviceMemory(world: World, cli: string, isQuick: boolean): Promise<Figure[]> {
  const { folders, start } = await watchFolders(world, cli, FOLDERS);
  await using service = start();
  await service.ready();
  const quietMs = isQuick ? 1_000 : 5_000;
  await pause(quietMs);
  const atRest = service.resident().now;
  service.forgetMost();
  const count = isQuick ? 4 : 40;
  await Promise.all(folders.map((folder) => fill(service, folder, count)));
  const { most } = service.resident();
  await pause(quietMs);
  const after = service.resident().now;
  return [
    compare("resident memory of `sotto run` at rest; floor is bare Node", atRest, await bareNode()),
    compare(`at most, with ${count} files in each of ${FOLDERS} folders; floor is at rest`, most, atRest),
    compare("at rest after that; floor is at rest before", after, atRest),
  ];
}

/** Writes so many files at once; resolves when all of them are in their room. */
async function fill(service: RunningService, folder: WatchedFolder, count: number): Promise<void> {
  const all = Promise.withResolvers<void>();
  let sent = 0;
  const stop = service.onSent(({ source }) => {
    if (source === folder.name && ++sent === count) all.resolve();
  });
  for (let written = 0; written < count; written++) await folder.write();
  await Promise.race([all.promise, service.ended]);
  stop();
}

async function bareNode(): Promise<number> {
  const program = "process.stdin.resume(); console.log();";
  const node = spawn(process.execPath, ["-e", program], { stdio: ["pipe", "pipe", "inherit"] });
  await once(node.stdout, "data");
  const { now } = residentOf(node.pid!);
  node.stdin.end();
  return now;
}

function compare(name: string, value: number, floor: number): Figure {
  return { name, unit: "MB", values: [value], floor: [floor], ratio: ratio([value], [floor]) };
}
