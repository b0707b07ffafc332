import type { Database } from "./database.ts";
import type { Meta } from "./meta.ts";
import type { Sealer } from "./seal.ts";

/** What audits found, in their order; sealed, since it names people and what is wrong with them. */
export interface AuditStore {
  /** Which log it is, from 1: another is begun where something was wrong in it. */
  log(): number;
  /** The oldest first, of the present log or an earlier one. `line` is undefined where it is not what was sealed under this number. */
  records(log?: number): { number: number; line: string | undefined }[];
  /** The line that says with which record the log begins, since earlier ones were let go; undefined: with the first. */
  start(log?: number): string | undefined;
  /** Durable when it returns. */
  add(number: number, line: string): void;
  /** Begins the next log with its first line, and keeps the present one beside it as it is; all or nothing. */
  beginAnew(line: string): void;
  /** Lets go of all before a number, of the logs before this one, and keeps the line that says so; all or nothing. */
  forget(before: number, start: string): void;
  /** Of the last whole audit, JSON. Throws `STORE_DAMAGED`. */
  lastFacts(): string | undefined;
  setLastFacts(json: string): void;
}

const START = "audit log start";
const LOG = "audit log number";
const FACTS = "audit facts";
const placeOf = (number: number): string => `audit ${number}`;

export function createAuditStore(db: Database, sealer: Sealer, meta: Meta): AuditStore {
  const opened = (number: number, sealed: Uint8Array): string | undefined => {
    try {
      return sealer.open(sealed, placeOf(number));
    } catch {
      return undefined;
    }
  };
  /** Behind every one that is kept, whatever was done to the number. */
  const present = (): number => {
    const kept = db.get("SELECT MAX(log) AS log FROM audit_broken_record")?.log;
    return Math.max(Number(meta.read(LOG) ?? 1), Number(kept ?? 0) + 1);
  };
  const startOf = (log: number): string => (log === present() ? START : `${START} ${log}`);
  return {
    log: present,
    records: (log = present()) =>
      (log === present()
        ? db.all("SELECT number, sealed_line FROM audit_record ORDER BY number")
        : db.all("SELECT number, sealed_line FROM audit_broken_record WHERE log = ? ORDER BY number", log)
      ).map((row) => ({
        number: row.number as number,
        line: opened(row.number as number, row.sealed_line as Uint8Array),
      })),
    start: (log = present()) => meta.read(startOf(log)) || undefined,
    beginAnew(line) {
      db.transaction(() => {
        const log = present();
        db.run("INSERT INTO audit_broken_record SELECT ?, number, sealed_line FROM audit_record", log);
        db.run("DELETE FROM audit_record");
        const start = meta.read(START) ?? "";
        meta.write(LOG, String(log + 1));
        meta.write(startOf(log), start);
        meta.write(START, "");
        db.run("INSERT INTO audit_record VALUES (1, ?)", sealer.seal(line, placeOf(1)));
      });
    },
    add(number, line) {
      db.run("INSERT INTO audit_record VALUES (?, ?)", number, sealer.seal(line, placeOf(number)));
    },
    forget(before, start) {
      db.transaction(() => {
        db.run("DELETE FROM audit_record WHERE number < ?", before);
        // the record that speaks of them has gone
        db.run("DELETE FROM audit_broken_record");
        meta.write(START, start);
      });
    },
    lastFacts() {
      const sealed = db.get("SELECT sealed_facts FROM audit_facts")?.sealed_facts;
      return sealed === undefined ? undefined : sealer.open(sealed as Uint8Array, FACTS);
    },
    setLastFacts(json) {
      db.run("INSERT OR REPLACE INTO audit_facts VALUES (1, ?)", sealer.seal(json, FACTS));
    },
  };
}
