import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** Bytes that this process holds on to, with buffers outside of the heap, after everything else was collected. */
export function heldBytes(): number {
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

/** Sockets, files, timers and whatever else keeps a process alive, by their kind. */
export const handles = (): string[] => process.getActiveResourcesInfo().toSorted();
