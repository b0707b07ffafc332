import type { DeviceId, EventId, RoomId, UserId } from "./ids.ts";

/** Lowest first. */
export const SEVERITIES = ["info", "low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

export const AREAS = ["ENC", "ACC", "DEV", "META", "SRV", "OWN"] as const;
export type Area = (typeof AREAS)[number];
/** Never given twice, not even when a rule has gone. */
export type RuleId = `SOTTO-${Area}-${number}`;

/**
 * `fail`: the policy is broken. `warn`: it holds, and there is something to look at. `not-checked`: what the rule reads
 * could not be read. `error`: the rule itself failed.
 */
export const RESULTS = ["fail", "warn", "not-checked", "error", "not-applicable", "pass"] as const;
export type Result = (typeof RESULTS)[number];

/** What a finding is about. Empty: the homeserver, or Sotto itself. */
export interface Subject {
  roomId?: RoomId;
  userId?: UserId;
  deviceId?: DeviceId;
  eventId?: EventId;
}

/** Strings of strangers stand in `message` as they are: whoever shows one makes it harmless. */
export interface Finding {
  ruleId: RuleId;
  severity: Severity;
  result: Result;
  subject: Subject;
  message: string;
  /** What to send, set or run; absent where nothing is to be done. */
  cure?: string;
  /** Of `not-checked`: nobody gave the file or token that it takes. */
  notAsked?: true;
  /** The same for the same rule and subject in every audit: 16 hex digits. */
  fingerprint: string;
}

/** What a rule says of itself, for reports and the page of rules. */
export interface RuleText {
  readonly id: RuleId;
  readonly title: string;
  readonly severity: Severity;
  /** Why it matters, in a sentence or two. */
  readonly rationale: string;
  /** How a person can repeat the check, with curl. `$HS`, `$TOKEN`, `$ROOM` and `$USER` stand for what they know. */
  readonly how: string;
  /** The exact state event, setting or command. */
  readonly cure: string;
  /** Spec sections, MSCs, manuals. */
  readonly references: readonly string[];
  /** Sotto's version that first had it. */
  readonly since: string;
}

export interface Audit {
  collectedMs: number;
  /** Each rule that was run, once. */
  rules: readonly RuleText[];
  /** One per rule and subject at least: those that pass, too. */
  findings: Finding[];
}
