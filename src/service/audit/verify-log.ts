import type { KeyObject } from "node:crypto";
import { sha256Of } from "../../model/signed-line.ts";
import {
  type AuditRecord,
  type LOG_FAULTS,
  type LogBreak,
  type LogHead,
  readBreak,
  readRecord,
  readStart,
} from "./record.ts";

/**
 * - `changed`: it is not what was signed under this number
 * - `missing`: it was taken out, from the beginning, the middle or the end
 * - `out-of-place`: it is there, and does not follow from the one before: put in, moved, or of another log
 * - `start-changed`: the line that says where the log begins is not what was signed
 */
export type LogFault = (typeof LOG_FAULTS)[number];

export interface LogCheck {
  /** Records that are in order. */
  records: number;
  /** The number and hash of the last that is in order; undefined: there is none. */
  head: { number: number; last: string } | undefined;
  /** The first thing that is wrong. Behind it nothing is proven. */
  fault?: { fault: LogFault; number: number };
  /** The audits that are in order, the oldest first. */
  read: AuditRecord[];
  /** Its first record, where it was begun because something was wrong in the one before. */
  begun?: LogBreak;
}

/** How far a log must go, from where nobody who can write to it can write. */
export type KnownHead = Pick<LogHead, "number" | "last">;

/**
 * Replays a log from its beginning, without changing anything.
 *
 * @param lines `line` undefined: what is there cannot be opened
 * @param start the line that says where it begins
 * @param isAnew it is not the first one: it begins with what was wrong in the one before
 */
export function verifyLog(
  lines: readonly { number: number; line: string | undefined }[],
  start: string | undefined,
  key: KeyObject,
  heads: readonly KnownHead[] = [],
  isAnew = false,
): LogCheck {
  const read: AuditRecord[] = [];
  let begun: LogBreak | undefined;
  const hashes = new Map<number, string>();
  let log: string | undefined;
  let number = 1;
  let previous: string | null = null;
  const broken = (fault: LogFault, at: number): LogCheck => ({
    ...checked(),
    fault: { fault, number: at },
  });
  const checked = (): LogCheck => ({
    records: hashes.size,
    head: headOf(hashes, number - 1),
    read,
    ...(begun && { begun }),
  });
  if (start !== undefined) {
    const from = readStart(start, key);
    if (!from?.isGenuine) return broken("start-changed", number);
    log = from.value.log;
    number = from.value.number;
    previous = from.value.previous;
  } else if (isAnew && lines.length === 0) return broken("missing", number);
  for (const found of lines) {
    if (found.number > number) return broken("missing", number);
    if (found.number < number) return broken("out-of-place", found.number);
    const record = found.line === undefined ? undefined : readLine(found.line, key);
    if (found.line === undefined || !record?.isGenuine) return broken("changed", number);
    const { value } = record;
    if (number === 1 && isAnew && value.kind !== "break") return broken("out-of-place", number);
    log ??= value.log;
    if (value.number !== number || value.previous !== previous || value.log !== log)
      return broken("out-of-place", number);
    previous = sha256Of(found.line);
    hashes.set(number, previous);
    if (value.kind === "break") begun = value;
    else read.push(value);
    number += 1;
  }
  for (const head of heads) {
    if (head.number >= number) return broken("missing", number);
    const here = hashes.get(head.number);
    // one that was let go since is vouched for by the line that says where the log begins
    if (here !== undefined && here !== head.last) return broken("changed", head.number);
  }
  return checked();
}

const readLine = (line: string, key: KeyObject) => readRecord(line, key) ?? readBreak(line, key);

function headOf(hashes: ReadonlyMap<number, string>, number: number): LogCheck["head"] {
  const last = hashes.get(number);
  return last === undefined ? undefined : { number, last };
}
