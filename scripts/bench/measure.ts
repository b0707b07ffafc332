import { type ChildProcess, spawn } from "node:child_process";

/** Milliseconds from the start of a process to the first line on its standard output, and then to its end. */
export interface ColdRun {
  answeredMs: number;
  endedMs: number;
}

/** Starts a process and waits for its end. Throws what it said if it fails. */
export function coldRun(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv = process.env,
): Promise<ColdRun> {
  return new Promise((resolve, reject) => {
    const startMs = performance.now();
    let answeredMs: number | undefined;
    const child: ChildProcess = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
    let words = "";
    child.stderr?.on("data", (chunk) => {
      words += chunk;
    });
    child.stdout?.on("data", () => {
      answeredMs ??= performance.now() - startMs;
    });
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0 && answeredMs !== undefined)
        resolve({ answeredMs, endedMs: performance.now() - startMs });
      else reject(new Error(`${command} ${args[0]} ended with ${code}: ${words}`));
    });
  });
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The smallest value that so many per cent of them do not exceed. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)]!;
}

/** Runs all contestants in turn, round by round, so that a noisy moment meets them all. */
export async function inRounds<T, K extends string>(
  rounds: number,
  contestants: Record<K, () => Promise<T>>,
): Promise<Record<K, T[]>> {
  const names = Object.keys(contestants) as K[];
  const results = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<K, T[]>;
  for (let round = 0; round < rounds; round++) {
    // who goes first changes, since the first after a pause has it harder
    for (let turn = 0; turn < names.length; turn++) {
      const name = names[(round + turn) % names.length]!;
      results[name].push(await contestants[name]());
    }
  }
  return results;
}

/** The median over rounds of one contestant's figure divided by another's in the same round. */
export function ratio(values: readonly number[], floor: readonly number[]): number {
  return median(values.map((value, round) => value / floor[round]!));
}
