import type { Database } from "./database.ts";
import type { Sealer } from "./seal.ts";

/** What audits found, in their order; sealed, since it names people and what is wrong with them. */
export interface AuditStore {
  /** The oldest first. `line` is undefined where it is not what was sealed under this number. */
  records(): { number: number; line: string | undefined }[];
  /** The line that says with which record the log begins, since earlier ones were let go; undefined: with the first. */
  start(): string | undefined;
  /** Durable when it returns. */
  add(number: number, line: string): void;
  /** Lets go of all before a number, and keeps the line that says so; all or nothing. */
  forget(before: number, start: string): void;
  /** Of the last whole audit, JSON. Throws `STORE_DAMAGED`. */
  lastFacts(): string | undefined;
  setLastFacts(json: string): void;
}

const START = "audit log start";
const FACTS = "audit facts";
const placeOf = (number: number): string => `audit ${number}`;

export function createAuditStore(
  db: Database,
  sealer: Sealer,
  meta: { read(name: string): string | undefined; write(name: string, value: string): void },
): AuditStore {
  const opened = (number: number, sealed: Uint8Array): string | undefined => {
    try {
      return sealer.open(sealed, placeOf(number));
    } catch {
      return undefined;
    }
  };
  return {
    records: () =>
      db.all("SELECT number, sealed_line FROM audit_record ORDER BY number").map((row) => ({
        number: row.number as number,
        line: opened(row.number as number, row.sealed_line as Uint8Array),
      })),
    start: () => meta.read(START),
    add(number, line) {
      db.run("INSERT INTO audit_record VALUES (?, ?)", number, sealer.seal(line, placeOf(number)));
    },
    forget(before, start) {
      db.transaction(() => {
        db.run("DELETE FROM audit_record WHERE number < ?", before);
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
