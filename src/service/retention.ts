import type { Config } from "../config/index.ts";
import type { Clock } from "../model/ports.ts";
import type { Store } from "../store/index.ts";

const DAY_MS = 86_400_000;

/**
 * Lets go, once a day, of what the config keeps no longer. Meant to be called often.
 *
 * What goes was due a day after the last look: a clock that is months ahead for a moment makes nothing old.
 */
export function dailyPruning(
  { retention }: { retention: Pick<Config["retention"], "failed" | "history"> },
  store: Pick<Store, "retention">,
  clock: Clock = Date.now,
): () => void {
  let lookedMs = store.retention.prunedMs();
  return () => {
    const nowMs = clock();
    const sinceMs = lookedMs === undefined ? -1 : nowMs - lookedMs;
    if (sinceMs >= 0 && sinceMs < DAY_MS) return;
    // at the first look, and when the clock was put back, nothing is known to be old
    const dueMs = sinceMs < 0 ? 0 : lookedMs! + DAY_MS;
    lookedMs = nowMs;
    const limits = { failedBefore: dueMs - retention.failed, historyBefore: dueMs - retention.history };
    store.retention.prune(limits, nowMs);
  };
}
