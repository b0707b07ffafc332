import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { setTimeout } from "node:timers/promises";

/**
 * What this process holds open, counted by kind: what keeps it alive, and files and sockets where /proc shows them. The
 * least of several looks, since timers of the test runner come and go.
 */
export async function openHandles(): Promise<ReadonlyMap<string, number>> {
  let least = look();
  for (let turn = 0; turn < LOOKS; turn += 1) {
    await setTimeout(TURN_MS);
    const now = look();
    least = new Map([...least].map(([kind, count]) => [kind, Math.min(count, now.get(kind) ?? 0)]));
  }
  return least;
}

/** Rejects if more is open than before. What was closed leaves the event loop a few turns later. */
export async function requireClosed(before: ReadonlyMap<string, number>): Promise<void> {
  let left: string[] = [];
  for (let turn = 0; turn < MOST_TURNS; turn += 1) {
    left = [...look()].filter(([kind, count]) => count > (before.get(kind) ?? 0)).map(([kind]) => kind);
    if (left.length === 0) return;
    await setTimeout(TURN_MS);
  }
  assert.fail(`left open: ${left.join(", ")}`);
}

const LOOKS = 30;
const MOST_TURNS = 500;
const TURN_MS = 10;

function look(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of [...process.getActiveResourcesInfo(), ...openFiles()]) {
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

function openFiles(): string[] {
  try {
    return readdirSync("/proc/self/fd").map(fileOf);
  } catch {
    return [];
  }
}

/** `socket:[123]` and the like have a number of their own each. */
function fileOf(fd: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`).replace(/\[\d+\]$/, "");
  } catch {
    return "gone";
  }
}
