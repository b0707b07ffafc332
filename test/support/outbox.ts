import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { Bot } from "./bot.ts";

export interface JobRow {
  txn_id: string;
  room_id: string;
  state: string;
  event_id: string | null;
}

/** Nothing is done with it any more. */
export const isEnded = (state: string): boolean => state === "sent" || state === "failed";

/** The jobs in a bot's outbox, oldest first, as they lie on the disk. Nobody may hold the store meanwhile. */
export function jobsOf(bot: Bot): JobRow[] {
  const database = new DatabaseSync(join(bot.data, "sotto.sqlite"), { readOnly: true });
  try {
    return database
      .prepare("SELECT txn_id, room_id, state, event_id FROM job ORDER BY job_id")
      .all() as unknown as JobRow[];
  } finally {
    database.close();
  }
}
