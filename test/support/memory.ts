import { getHeapSpaceStatistics, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What was compiled, which comes with use and goes with time. */
const OF_CODE = /^(?:code|trusted)_/;

/** Bytes that this process holds on to, with buffers outside of the heap, after everything else was collected. */
export function heldBytes(): number {
  collect();
  collect();
  const spaces = getHeapSpaceStatistics().filter(({ space_name }) => !OF_CODE.test(space_name));
  const heap = spaces.reduce((bytes, { space_used_size }) => bytes + space_used_size, 0);
  return heap + process.memoryUsage().external;
}

/** Sockets, files, timers and whatever else keeps a process alive, by their kind. */
export const handles = (): string[] => process.getActiveResourcesInfo().toSorted();
