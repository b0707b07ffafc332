import type { JobState } from "../model/job.ts";
import type { Database } from "./database.ts";

/** How many messages are where, without a look at any of them. */
export interface QueueNumbers {
  /** Of every state but `sent`; one without messages is left out. */
  depth: { state: JobState; jobs: number }[];
  /** When the oldest that is neither sent nor given up was accepted: milliseconds since the epoch. */
  oldestMs: number | undefined;
}

export function queueNumbers(db: Database): QueueNumbers {
  const rows = db
    .all(
      "SELECT state, count(*) AS jobs, min(created_ms) AS oldest_ms FROM job WHERE state <> 'sent' GROUP BY state",
    )
    .map((row) => ({
      state: row.state as JobState,
      jobs: row.jobs as number,
      oldestMs: row.oldest_ms as number,
    }));
  const open = rows.filter(({ state }) => state !== "failed");
  return {
    depth: rows.map(({ state, jobs }) => ({ state, jobs })),
    oldestMs: open.length > 0 ? Math.min(...open.map(({ oldestMs }) => oldestMs)) : undefined,
  };
}
