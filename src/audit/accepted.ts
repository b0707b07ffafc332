import { type Finding, SEVERITIES, type Subject } from "../model/finding.ts";
import type { Accepted, IdleWaiver, Limit, Shown, Waiver } from "../model/report.ts";

/** It reports the waivers that hold no more, so nobody can waive it. */
export const WAIVER_RULE = "SOTTO-OWN-030";

/** What people have said of findings beforehand. */
export interface Sayings {
  /** What was known, by fingerprint, and how bad it was then. */
  baseline?: ReadonlyMap<string, Limit>;
  waivers?: readonly Waiver[];
}

/** Marks what somebody has accepted. Only what fails or warns can be: what could not be read is nobody's to sign for. */
export function accepted(
  findings: readonly Finding[],
  { baseline, waivers = [] }: Sayings,
  nowMs: number,
): Shown[] {
  const valid = waivers.filter((waiver) => faultOf(waiver, nowMs) === undefined);
  return findings.map((finding) => {
    if (finding.ruleId === WAIVER_RULE || (finding.result !== "fail" && finding.result !== "warn"))
      return finding;
    const known = baseline?.get(finding.fingerprint);
    const by = waiverFor(finding, valid) ?? (known && isWithin(known, finding) ? KNOWN : undefined);
    return by ? { ...finding, accepted: by } : finding;
  });
}

/** What got worse than it was signed for is another matter. */
const isWithin = ({ severity = "critical", result = "fail" }: Limit, finding: Finding): boolean =>
  SEVERITIES.indexOf(finding.severity) <= SEVERITIES.indexOf(severity) &&
  (finding.result !== "fail" || result === "fail");

const KNOWN: Accepted = { by: "baseline" };

/** Why a waiver covers nothing; undefined for one that holds. */
export function faultOf({ owner, reason, expires }: Waiver, nowMs: number): string | undefined {
  if (!owner?.trim()) return "nobody has signed it";
  if (!reason?.trim()) return `${owner} gives no reason`;
  const lastDayMs = Date.parse(`${expires}T00:00:00Z`);
  if (!expires || Number.isNaN(lastDayMs)) return `${owner} has set no day on which it ends`;
  // the last day counts whole, in UTC
  return nowMs < lastDayMs + DAY_MS ? undefined : `${owner} had it until ${expires}`;
}

const DAY_MS = 86_400_000;

/** Those that cover nothing: what they name is cured, was never there, or they do not hold. What was not read may be there. */
export function idleWaivers(
  findings: readonly Finding[],
  waivers: readonly Waiver[],
  nowMs: number,
): IdleWaiver[] {
  const open = findings.filter(({ result }) => result !== "pass" && result !== "not-applicable");
  return waivers.flatMap((waiver) => {
    const fault = faultOf(waiver, nowMs);
    const named = open.filter((finding) => isFor(waiver, finding));
    const isWorse = named.length > 0 && named.every((finding) => isOver(waiver, finding));
    if (fault === undefined && named.length > 0 && !isWorse) return [];
    const covers = waiver.fingerprint ?? waiver.ruleId ?? "nothing";
    const why =
      fault ?? (isWorse ? "what it names got worse than it covers" : "nothing that it names is found");
    return [{ where: waiver.where, covers, why }];
  });
}

/** What could not be read is not known to be worse. */
const isOver = (waiver: Waiver, finding: Finding): boolean =>
  (finding.result === "fail" || finding.result === "warn") && !isWithin(waiver, finding);

const isFor = ({ fingerprint, ruleId, subject }: Waiver, finding: Finding): boolean =>
  fingerprint === undefined
    ? ruleId === finding.ruleId && isSame(subject ?? {}, finding.subject)
    : fingerprint === finding.fingerprint;

function waiverFor(finding: Finding, waivers: readonly Waiver[]): Accepted | undefined {
  const found = waivers.find((waiver) => isFor(waiver, finding) && isWithin(waiver, finding));
  return found && { by: "waiver", owner: found.owner!, reason: found.reason!, expires: found.expires! };
}

/** Neither more nor less than what was signed for: a waiver for a user covers no device that is added later. */
const isSame = (one: Subject, other: Subject): boolean =>
  one.roomId === other.roomId &&
  one.userId === other.userId &&
  one.deviceId === other.deviceId &&
  one.eventId === other.eventId;
