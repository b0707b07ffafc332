import type { EventId, RoomId, UserId } from "../model/ids.ts";
import type { SyncBatch } from "../model/sync.ts";
import type { Database } from "./database.ts";
import type { Sealer } from "./seal.ts";

/**
 * What audits have read of rooms and users, for as long as sync has told of no change. A fact that is here holds, if
 * everything that sync has to tell has been applied.
 */
export interface FactStore {
  /** What a batch changes; inside the transaction that moves the sync token. */
  mark(batch: SyncBatch): void;
  /** What sync has told of changes so far: to be asked before reading begins. */
  changes(about: About, id: RoomId | UserId): Changes;
  /** The facts as JSON; undefined where there are none, or something has changed since. */
  get(about: About, id: RoomId | UserId): string | undefined;
  /** Keeps what was read, unless something has changed since `changes` was asked. */
  put(about: About, id: RoomId | UserId, changes: Changes, json: string): void;
}
type About = "room" | "user";

export interface Changes {
  count: number;
  /** The newest event of a room that sync has told of: what was read without it is older than what sync has told. */
  latest: EventId | undefined;
}

export function createFactStore(db: Database, sealer: Sealer): FactStore {
  const place = (about: About, id: string): string => `facts of ${about} ${id}`;
  const mark = (about: About, id: string, latest: EventId | null = null): void => {
    db.run(
      `INSERT INTO fact VALUES (?, ?, 1, ?, NULL) ON CONFLICT DO UPDATE SET
         changes = changes + 1, latest = COALESCE(excluded.latest, latest), sealed_facts = NULL`,
      about,
      id,
      latest,
    );
  };
  const changes = (about: About, id: string): Changes => {
    const row = db.get("SELECT changes, latest FROM fact WHERE about = ? AND id = ?", about, id);
    return { count: Number(row?.changes ?? 0), latest: (row?.latest as string | null) ?? undefined };
  };
  return {
    mark({ joined, left, deviceLists }) {
      for (const { roomId, timeline } of [...joined, ...left])
        mark("room", roomId, timeline.at(-1)?.event_id);
      for (const userId of [...deviceLists.changed, ...deviceLists.left]) mark("user", userId);
    },
    changes,
    get(about, id) {
      const row = db.get("SELECT sealed_facts FROM fact WHERE about = ? AND id = ?", about, id);
      return row?.sealed_facts ? sealer.open(row.sealed_facts as Uint8Array, place(about, id)) : undefined;
    },
    put(about, id, { count }, json) {
      const sealed = sealer.seal(json, place(about, id));
      // lost to a power cut, it is read again
      db.soon(() => {
        if (changes(about, id).count !== count) return;
        db.run(
          `INSERT INTO fact VALUES (?, ?, ?, NULL, ?)
             ON CONFLICT DO UPDATE SET sealed_facts = excluded.sealed_facts`,
          about,
          id,
          count,
          sealed,
        );
      });
    },
  };
}
