import { percentile } from "./measure.ts";

const WARM_UP = 8;

/** What one process needed for its messages. */
export interface Load {
  perSecond: number;
  cpuMs: number;
  rssMb: number;
  /** How long one took, from its call to its end. */
  p50Ms: number;
  p95Ms: number;
}

/** Calls `send` so often with so many in flight, after a few that do not count, and prints the {@link Load}. */
export async function reportLoad(
  count: number,
  inFlight: number,
  send: () => Promise<unknown>,
): Promise<void> {
  await all(Math.max(WARM_UP, inFlight), inFlight, send);
  const cpu = process.cpuUsage();
  const startMs = performance.now();
  const tookMs = await all(count, inFlight, send);
  const seconds = (performance.now() - startMs) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const { maxRSS } = process.resourceUsage();
  const load: Load = {
    perSecond: count / seconds,
    cpuMs: (user + system) / 1000 / count,
    rssMb: maxRSS / 1024,
    p50Ms: percentile(tookMs, 50),
    p95Ms: percentile(tookMs, 95),
  };
  console.log(JSON.stringify(load));
}

async function all(count: number, inFlight: number, send: () => Promise<unknown>): Promise<number[]> {
  const tookMs: number[] = [];
  let left = count;
  const lane = async () => {
    while (left-- > 0) {
      const startMs = performance.now();
      await send();
      tookMs.push(performance.now() - startMs);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, lane));
  return tookMs;
}
