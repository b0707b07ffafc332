import type { RecordedRequest, RecordingProxy } from "../e2e/recording-proxy.ts";
import { type RunningSotto, resultOf } from "./sotto.ts";

/** A request that changes something at the homeserver. */
const changes = ({ method, path }: RecordedRequest): boolean =>
  method !== "GET" && !/\/keys\/(query|claim)|\/sync|\/filter/.test(path);

/** Whether the homeserver has the change at which a process is killed. */
export type KillPoint = "hang before" | "hang after";

/** Starts a process and kills it when its nth change is on its way; false if it made fewer and succeeded. */
export async function killAtChange(
  proxy: RecordingProxy,
  n: number,
  point: KillPoint,
  start: () => RunningSotto,
): Promise<boolean> {
  let seen = 0;
  const reached = proxy.next((request) => changes(request) && ++seen === n, point);
  const running = start();
  const first = await Promise.race([reached, running.ended]);
  proxy.passOnEverything();
  if ("method" in first) {
    await running.end("SIGKILL");
    return true;
  }
  resultOf(first);
  return false;
}
