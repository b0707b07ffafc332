import type { Finding, Result, RuleId, RuleText, Severity, Subject } from "./finding.ts";
import type { RoomId, UserId } from "./ids.ts";

/** Best first. */
export const GRADES = ["A", "B", "C", "D", "F"] as const;
export type Grade = (typeof GRADES)[number];

/** What an audit found, with what people have said of it: what every format shows. */
export interface Report {
  /** Sotto's. */
  version: string;
  collectedMs: number;
  by: UserId;
  homeserver: string;
  scope: "member" | "admin";
  counts: { rooms: number; users: number; devices: number };
  /** What the rooms that were read call themselves: others' words. */
  roomNames: [RoomId, string][];
  /** The file that the rooms were held to; null: none, so the defaults. */
  policyFile: string | null;
  /** In the order of their IDs. */
  rules: readonly RuleText[];
  /** Those that pass, too; the most urgent first. */
  findings: Shown[];
  summary: Summary;
  charts: Charts;
}

export interface Shown extends Finding {
  /** Somebody has signed for it: it fails no run. */
  accepted?: Accepted;
  /** Since the audit that this one is compared with. */
  change?: "new" | "still-there";
}

export type Accepted = { by: "baseline" } | { by: "waiver"; owner: string; reason: string; expires: string };

/** How bad a finding may be at most that somebody has accepted; without it, as bad as it gets. */
export interface Limit {
  severity?: Severity;
  /** `warn`: no fail. */
  result?: "warn" | "fail";
}

/** A person's word that a finding may stand for a while. */
export interface Waiver extends Limit {
  /** What it covers: one finding by its fingerprint, or all of a rule and subject. */
  fingerprint?: string;
  ruleId?: RuleId;
  subject?: Subject;
  /** Undefined: nobody has signed, and it covers nothing. */
  owner?: string;
  reason?: string;
  /** The last day on which it holds, `2026-12-31`. */
  expires?: string;
  /** `FILE:LINE`. */
  where: string;
}

export interface Summary {
  grade: Grade;
  /** Why it is no better, the lowest cap first. */
  caps: Cap[];
  results: Record<Result, number>;
  /** Of the fails that nobody has accepted. */
  failed: Record<Severity, number>;
  /** Fails and warnings that somebody has accepted. */
  accepted: number;
  /** Each rule that was run, so that it shows what was looked at. */
  rules: { ruleId: RuleId; title: string; severity: Severity; results: Partial<Record<Result, number>> }[];
  changes?: Changes;
  /** Waivers that cover nothing of this audit; absent where all cover something. */
  idleWaivers?: IdleWaiver[];
}

export interface IdleWaiver {
  /** `FILE:LINE`. */
  where: string;
  /** The rule or fingerprint that it names. */
  covers: string;
  why: string;
}

export interface Cap {
  grade: Grade;
  reason: string;
}

export interface Changes {
  /** When the audit was that this one is compared with. */
  sinceMs: number;
  new: number;
  stillThere: number;
  gone: Gone[];
}

/** A finding of then that is not there now. */
export type Gone = Pick<Finding, "ruleId" | "severity" | "subject" | "fingerprint">;

export interface Charts {
  /** For how long senders used one Megolm session, as far as it was seen: sessions by time. */
  sessions: Bar[];
  /** Devices by what proves them. */
  devices: Bar[];
  /** Fails of earlier audits and this one, the oldest first. */
  history: { atMs: number; failed: Record<Severity, number> }[];
}

export interface Bar {
  label: string;
  count: number;
  tone: "good" | "doubtful" | "bad" | "unknown";
}
