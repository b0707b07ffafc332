import { RESULTS, type Result, type RuleText, SEVERITIES } from "../model/finding.ts";
import type { Report, Shown } from "../model/report.ts";
import { subjectWords } from "./text.ts";

/** Findings of one rule that came out alike. */
export interface Group {
  rule: RuleText;
  result: Result;
  severity: Shown["severity"];
  isAccepted: boolean;
  findings: Shown[];
}

/** The most urgent first; what somebody has accepted comes behind what nobody has. */
export function byUrgency(one: Shown, other: Shown): number {
  return (
    Number(one.accepted !== undefined) - Number(other.accepted !== undefined) ||
    RESULTS.indexOf(one.result) - RESULTS.indexOf(other.result) ||
    SEVERITIES.indexOf(other.severity) - SEVERITIES.indexOf(one.severity) ||
    compared(one.ruleId, other.ruleId) ||
    compared(subjectWords(one.subject), subjectWords(other.subject)) ||
    compared(one.message, other.message)
  );
}

/** By code units: the same everywhere, whatever the language. */
const compared = (one: string, other: string): number => (one < other ? -1 : one > other ? 1 : 0);

/** In the order of the findings, so the most urgent group first. */
export function groupsOf(findings: readonly Shown[], rules: readonly RuleText[]): Group[] {
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const groups = new Map<string, Group>();
  for (const finding of findings) {
    const { ruleId, result, severity, accepted } = finding;
    const key = [ruleId, result, severity, accepted !== undefined].join(" ");
    const group = groups.get(key);
    if (group) group.findings.push(finding);
    else {
      const rule = byId.get(ruleId);
      if (!rule) continue;
      groups.set(key, { rule, result, severity, isAccepted: accepted !== undefined, findings: [finding] });
    }
  }
  return [...groups.values()];
}

export const isShownByDefault = ({ result }: Shown): boolean =>
  result !== "pass" && result !== "not-applicable";

/** What a format shows unless it is asked for all. */
export const shownOf = ({ findings }: Report, isAll: boolean): Shown[] =>
  isAll ? findings : findings.filter(isShownByDefault);

/** A cure, and what it cures. */
export interface Urgent {
  group: Group;
  cure: string;
}

/** The cures of the most urgent rules, one for each. */
export function urgentCures({ findings, rules }: Report, most = 3): Urgent[] {
  const open = findings.filter(({ result, accepted, cure }) => {
    return (result === "fail" || result === "warn") && !accepted && cure !== undefined;
  });
  const cures: Urgent[] = [];
  for (const group of groupsOf(open, rules)) {
    if (cures.some((known) => known.group.rule.id === group.rule.id)) continue;
    cures.push({ group, cure: group.findings[0]!.cure! });
    if (cures.length === most) break;
  }
  return cures;
}
