import type { Config } from "../config/index.ts";
import type { Clock } from "../model/ports.ts";
import type { Store } from "../store/index.ts";

const DAY_MS = 86_400_000;

/** Lets go, once a day, of what the config keeps no longer. Meant to be called often. */
export function dailyPruning(
  { retention }: { retention: Pick<Config["retention"], "failed" | "history"> },
  store: Pick<Store, "retention">,
  clock: Clock = Date.now,
): () => void {
  let prunedMs = store.retention.prunedMs();
  return () => {
    const nowMs = clock();
    if (prunedMs !== undefined && nowMs >= prunedMs && nowMs - prunedMs < DAY_MS) return;
    prunedMs = nowMs;
    const limits = { failedBefore: nowMs - retention.failed, historyBefore: nowMs - retention.history };
    store.retention.prune(limits, nowMs);
  };
}
