import { statSync } from "node:fs";
import path from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { bareRequests } from "./delivery-rates.ts";
import { percentile, ratio } from "./measure.ts";
import type { RunningService } from "./running-service.ts";
import type { Figure } from "./table.ts";
import { type WatchedFolder, watchFolders } from "./watched-folders.ts";
import type { World } from "./world.ts";

/** The connector's default. */
const SETTLE_MS = 2_000;
/** They hardly meet: each waits for most of the time. */
const FOLDERS = 4;
const LONGEST_PAUSE_MS = 300;

/** A recording's way out of a watched folder: when it was taken, and when its event had its ID, from the closing on. */
interface Way {
  takenMs: number;
  sentMs: number;
}

/** From a file's closing in a watched folder of `sotto run` to the event's ID. */
export async function folderDeliveries(world: World, cli: string, isQuick: boolean): Promise<Figure[]> {
  const { sender, rooms, folders, start } = await watchFolders(world, cli, FOLDERS);
  await using service = start();
  await service.ready();
  const bringAll = async (count: number): Promise<Way[]> =>
    (await Promise.all(folders.map((folder) => bringEach(service, folder, count)))).flat();
  await bringAll(1); // the compiler's, and the room keys'
  const floor = await bareRequests(world, sender, rooms, { count: isQuick ? 4 : 40, inFlight: 1 })();
  const ways = await bringAll(isQuick ? 2 : 12);

  const at = (percent: number, of: (way: Way) => number) => percentile(ways.map(of), percent);
  return ([50, 95] as const).flatMap((percent) => {
    const restMs = at(percent, ({ sentMs }) => sentMs - SETTLE_MS);
    const takenMs = at(percent, ({ takenMs }) => takenMs - SETTLE_MS);
    return [
      compare(`file closed to event ID, p${percent}; floor is the wait`, restMs + SETTLE_MS, SETTLE_MS),
      compare(`the same without the wait, p${percent}`, restMs, percent === 50 ? floor.p50Ms : floor.p95Ms),
      compare(`of that until it is taken, p${percent}; floor is all of it`, takenMs, restMs),
    ];
  });
}

/** One after another. */
async function bringEach(service: RunningService, folder: WatchedFolder, count: number): Promise<Way[]> {
  const ways: Way[] = [];
  while (ways.length < count) {
    await pause(Math.random() * LONGEST_PAUSE_MS);
    const sent = service.sent(folder.name);
    const { file, closedMs } = await folder.write();
    const { atMs } = await sent;
    // it was moved when it was taken
    const done = path.join(path.dirname(file), "done", path.basename(file));
    ways.push({ takenMs: statSync(done).ctimeMs - closedMs, sentMs: atMs - closedMs });
  }
  return ways;
}

function compare(name: string, value: number, floor: number): Figure {
  return { name, unit: "ms", values: [value], floor: [floor], ratio: ratio([value], [floor]) };
}
