import type { RoomId, UserId } from "../model/ids.ts";
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
  /** How often sync has told of a change: to be asked before reading begins. */
  changes(about: About, id: RoomId | UserId): number;
  /** The facts as JSON; undefined where there are none, or something has changed since. */
  get(about: About, id: RoomId | UserId): string | undefined;
  /** Keeps what was read, unless something has changed since `changes` was asked. */
  put(about: About, id: RoomId | UserId, changes: number, json: string): void;
}
type About = "room" | "user";

export function createFactStore(db: Database, sealer: Sealer): FactStore {
  const place = (about: About, id: string): string => `facts of ${about} ${id}`;
  const mark = (about: About, id: string): void => {
    db.run(
      `INSERT INTO fact VALUES (?, ?, 1, NULL)
         ON CONFLICT DO UPDATE SET changes = changes + 1, sealed_facts = NULL`,
      about,
      id,
    );
  };
  const changes = (about: About, id: string): number =>
    Number(db.get("SELECT changes FROM fact WHERE about = ? AND id = ?", about, id)?.changes ?? 0);
  return {
    mark({ joined, left, deviceLists }) {
      for (const { roomId } of [...joined, ...left]) mark("room", roomId);
      for (const userId of [...deviceLists.changed, ...deviceLists.left]) mark("user", userId);
    },
    changes,
    get(about, id) {
      const row = db.get("SELECT sealed_facts FROM fact WHERE about = ? AND id = ?", about, id);
      return row?.sealed_facts ? sealer.open(row.sealed_facts as Uint8Array, place(about, id)) : undefined;
    },
    put(about, id, before, json) {
      const sealed = sealer.seal(json, place(about, id));
      // lost to a power cut, it is read again
      db.soon(() => {
        if (changes(about, id) !== before) return;
        db.run(
          `INSERT INTO fact VALUES (?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET sealed_facts = excluded.sealed_facts`,
          about,
          id,
          before,
          sealed,
        );
      });
    },
  };
}
