import type { SpoolStore } from "../model/outbox-store.ts";
import type { Database } from "./database.ts";

/** The spool in SQLite: what is appended is on the disk with the next durable write, that of the message itself. */
export interface Spool extends SpoolStore {
  append(txnId: string, piece: Uint8Array): void;
  pieces(txnId: string): Generator<Uint8Array, void>;
  size(txnId: string): number;
  drop(txnId: string): void;
}

export function createSpool(db: Database): Spool {
  // of an attempt that its process did not survive; the next one has another key
  db.run(
    "DELETE FROM spool WHERE txn_id NOT IN (SELECT txn_id FROM job WHERE COALESCE(failed_in, state) <> 'accepted')",
  );
  return {
    append(txnId, piece) {
      db.soon(() =>
        db.run(
          "INSERT INTO spool SELECT ?1, COALESCE(MAX(piece) + 1, 0), ?2 FROM spool WHERE txn_id = ?1",
          txnId,
          piece,
        ),
      );
    },
    *pieces(txnId) {
      for (let piece = 0; ; piece += 1) {
        const row = db.get("SELECT ciphertext FROM spool WHERE txn_id = ? AND piece = ?", txnId, piece);
        if (!row) return;
        yield row.ciphertext as Uint8Array;
      }
    },
    size(txnId) {
      const row = db.get("SELECT SUM(LENGTH(ciphertext)) AS bytes FROM spool WHERE txn_id = ?", txnId);
      return Number(row?.bytes ?? 0);
    },
    drop(txnId) {
      db.soon(() => db.run("DELETE FROM spool WHERE txn_id = ?", txnId));
    },
  };
}
