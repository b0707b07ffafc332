import type { KeyObject } from "node:crypto";
import { sha256Of } from "../../model/signed-line.ts";
import { type AuditRecord, type LogHead, readRecord, readStart } from "./record.ts";

/** What can be wrong with a log of audits. */
export type LogFault =
  /** It is not what was signed under this number. */
  | "changed"
  /** It was taken out, from the beginning, the middle or the end. */
  | "missing"
  /** It is there, and does not follow from the one before: put in, moved, or of another log. */
  | "out-of-place"
  /** The line that says where the log begins is not what was signed. */
  | "start-changed";

export interface LogCheck {
  /** Records that are in order. */
  records: number;
  /** The number and hash of the last that is in order; undefined: there is none. */
  head: { number: number; last: string } | undefined;
  /** The first thing that is wrong. Behind it nothing is proven. */
  fault?: { fault: LogFault; number: number };
  /** Those that are in order, the oldest first. */
  read: AuditRecord[];
}

/** How far a log must go, from where nobody who can write to it can write. */
export type KnownHead = Pick<LogHead, "number" | "last">;

/**
 * Replays a log from its beginning, without changing anything.
 *
 * @param lines `line` undefined: what is there cannot be opened
 * @param start the line that says where it begins
 */
export function verifyLog(
  lines: readonly { number: number; line: string | undefined }[],
  start: string | undefined,
  key: KeyObject,
  heads: readonly KnownHead[] = [],
): LogCheck {
  const read: AuditRecord[] = [];
  const hashes = new Map<number, string>();
  let log: string | undefined;
  let number = 1;
  let previous: string | null = null;
  const broken = (fault: LogFault, at: number): LogCheck => ({
    records: read.length,
    head: headOf(hashes, number - 1),
    fault: { fault, number: at },
    read,
  });
  if (start !== undefined) {
    const begun = readStart(start, key);
    if (!begun?.isGenuine) return broken("start-changed", number);
    log = begun.value.log;
    number = begun.value.number;
    previous = begun.value.previous;
  }
  for (const found of lines) {
    if (found.number > number) return broken("missing", number);
    if (found.number < number) return broken("out-of-place", found.number);
    const record = found.line === undefined ? undefined : readRecord(found.line, key);
    if (found.line === undefined || !record?.isGenuine) return broken("changed", number);
    const { value } = record;
    log ??= value.log;
    if (value.number !== number || value.previous !== previous || value.log !== log)
      return broken("out-of-place", number);
    previous = sha256Of(found.line);
    hashes.set(number, previous);
    read.push(value);
    number += 1;
  }
  for (const head of heads) {
    if (head.number >= number) return broken("missing", number);
    const here = hashes.get(head.number);
    // one that was let go since is vouched for by the line that says where the log begins
    if (here !== undefined && here !== head.last) return broken("changed", head.number);
  }
  return { records: read.length, head: headOf(hashes, number - 1), read };
}

function headOf(hashes: ReadonlyMap<number, string>, number: number): LogCheck["head"] {
  const last = hashes.get(number);
  return last === undefined ? undefined : { number, last };
}
