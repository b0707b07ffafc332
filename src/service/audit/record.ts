import type { KeyObject } from "node:crypto";
import * as z from "zod/mini";
import { RESULTS, SEVERITIES } from "../../model/finding.ts";
import { GRADES } from "../../model/report.ts";
import { readSigned, type Signed } from "../../model/signed-line.ts";

const sha256 = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const number = z.int().check(z.minimum(1));
const count = z.int().check(z.minimum(0));

/** One audit, as the log keeps it. */
const recordSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal("audit"),
  /** Whose log it is: logs cannot be mixed. */
  log: z.string(),
  /** From 1, without a gap. */
  number,
  atMs: z.number(),
  /** SHA-256 of the facts, as `--save-facts` writes them. */
  facts: sha256,
  /** Of the policy that they were judged by, as JSON. */
  policy: sha256,
  /** Only these were looked at; null: all. Audits of different rooms cannot be compared. */
  rooms: z.nullable(z.array(z.string())),
  scope: z.enum(["member", "admin"]),
  grade: z.enum(GRADES),
  results: z.record(z.enum(RESULTS), count),
  failed: z.record(z.enum(SEVERITIES), count),
  /** What failed or warned. */
  findings: z.array(
    z.strictObject({
      ruleId: z.templateLiteral([
        "SOTTO-",
        z.enum(["ENC", "ACC", "DEV", "META", "SRV", "OWN"]),
        "-",
        z.number(),
      ]),
      severity: z.enum(SEVERITIES),
      result: z.enum(["fail", "warn"]),
      subject: z.strictObject({
        roomId: z.exactOptional(z.string()),
        userId: z.exactOptional(z.string()),
        deviceId: z.exactOptional(z.string()),
        eventId: z.exactOptional(z.string()),
      }),
      message: z.string(),
      isAccepted: z.boolean(),
      fingerprint: z.string(),
    }),
  ),
  /** SHA-256 of the line before, as it stands there; null in the first. */
  previous: z.nullable(sha256),
});
export type AuditRecord = z.infer<typeof recordSchema>;

/** What can be wrong with a log of audits. */
export const LOG_FAULTS = ["changed", "missing", "out-of-place", "start-changed"] as const;

const reached = z.strictObject({ number, last: sha256 });

/** The first record of a log that somebody has begun because something was wrong in the one before. */
const breakSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal("break"),
  log: z.string(),
  number: z.literal(1),
  atMs: z.number(),
  /** A person's. */
  reason: z.string(),
  /** Of the log before. */
  before: z.strictObject({
    log: z.string(),
    fault: z.strictObject({ fault: z.enum(LOG_FAULTS), number }),
    /** How far it was in order; null: nothing was. */
    inOrder: z.nullable(reached),
    /** How far it had gone, as the account's data says; null: that was not to be had. */
    published: z.nullable(reached),
    /** SHA-256 of its lines, as `verify-log --export` writes them. */
    lines: sha256,
  }),
  previous: z.null(),
});
export type LogBreak = z.infer<typeof breakSchema>;

/** With which record a log begins whose earlier ones were let go: without it, anybody could cut them off. */
const startSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal("start"),
  log: z.string(),
  number,
  /** Of the last one that was let go. */
  previous: sha256,
});
export type LogStart = z.infer<typeof startSchema>;

/** How far a log goes: kept elsewhere, it shows that nothing was cut off at its end. */
const headSchema = z.strictObject({
  version: z.literal(1),
  kind: z.literal("head"),
  log: z.string(),
  /** Of the last record. */
  number,
  /** Of its line. */
  last: sha256,
});
export type LogHead = z.infer<typeof headSchema>;

export const readRecord = (line: string, key: KeyObject): Signed<AuditRecord> | undefined =>
  readSigned(line, key, recordSchema);
export const readBreak = (line: string, key: KeyObject): Signed<LogBreak> | undefined =>
  readSigned(line, key, breakSchema);
export const readStart = (line: string, key: KeyObject): Signed<LogStart> | undefined =>
  readSigned(line, key, startSchema);
export const readLogHead = (line: string, key: KeyObject): Signed<LogHead> | undefined =>
  readSigned(line, key, headSchema);
