import { mkdirSync, watch } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ChaosProxy } from "./chaos-proxy.ts";

/**
 * Moments at which a process is killed, all seen from outside: a request on its way, before or after the homeserver has
 * acted on it; a sealed recording that appears or goes; a commit of the store; or any time.
 */
export type KillPoint =
  | { at: "request"; name: keyof typeof REQUESTS; nth: number; when: "before" | "after" }
  | { at: "recording"; nth: number }
  | { at: "commit"; nth: number }
  | { at: "time"; ms: number };

const REQUESTS = {
  sync: /^GET .*\/sync\?/,
  upload: /^POST .*\/media\/v3\/upload/,
  "key query": /^POST .*\/keys\/query/,
  "key claim": /^POST .*\/keys\/claim/,
  "key share": /^PUT .*\/sendToDevice\//,
  "store number": /^PUT .*\/account_data\//,
  send: /^PUT .*\/send\/m\.room\.encrypted\//,
};

/** What happens once with each device, and comes again in the next life until it is through. */
export const FIRST_CONTACT: readonly KillPoint[] = (["key query", "key claim"] as const).flatMap((name) =>
  (["before", "after"] as const).map((when): KillPoint => ({ at: "request", name, nth: 1, when })),
);

/** Most of them at the edges of the outbox, and none of them far: few messages should come through before each. */
export function anyKillPoint(random: () => number): KillPoint {
  const nth = 1 + Math.floor(random() * 3);
  const dice = random();
  if (dice < 0.2) return { at: "time", ms: random() * 2_000 };
  if (dice < 0.4) return { at: "commit", nth: 1 + Math.floor(random() * 60) };
  if (dice < 0.5) return { at: "recording", nth };
  const when = random() < 0.5 ? "before" : "after";
  if (dice < 0.85) return { at: "request", name: random() < 0.5 ? "send" : "upload", nth, when };
  const names = ["sync", "key share", "store number"] as const;
  return { at: "request", name: names[Math.floor(random() * names.length)]!, nth: 1, when };
}

export const nameOf = (point: KillPoint): string =>
  point.at === "request" ? `${point.name} ${point.when}` : point.at;

/** `reached` resolves at the moment; to be disposed of whether or not it came. */
export function watchFor(
  point: KillPoint,
  { proxy, data }: { proxy: ChaosProxy; data: string },
): { reached: Promise<unknown> } & Disposable {
  if (point.at === "request") {
    const { reached, release } = proxy.hold(REQUESTS[point.name], point.nth, point.when);
    return { reached, [Symbol.dispose]: release };
  }
  if (point.at === "time") {
    const leaving = new AbortController();
    const reached = delay(point.ms, undefined, { signal: leaving.signal });
    reached.catch(() => undefined);
    return { reached, [Symbol.dispose]: () => leaving.abort() };
  }
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  const folder = point.at === "recording" ? join(data, "spool") : data;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let left = point.nth;
  const watcher = watch(folder, (event, name) => {
    const counts = point.at === "recording" ? event === "rename" : name === "sotto.sqlite-wal";
    if (counts && --left === 0) resolve();
  });
  return { reached, [Symbol.dispose]: () => watcher.close() };
}
