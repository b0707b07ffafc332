import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import type { Facts } from "../../src/model/facts.ts";
import type { Finding, Result, RuleId, RuleText, Severity } from "../../src/model/finding.ts";
import type { Report, Shown } from "../../src/model/report.ts";
import { chartsOf, makeReport } from "../../src/report/index.ts";
import { facts } from "./facts.ts";

/** A rule's texts, with nothing behind it. */
export const ruleText = (id: RuleId, severity: Severity = "high", title = `Rule ${id}`): RuleText => ({
  id,
  title,
  severity,
  rationale: "It matters.",
  how: "curl $HS",
  cure: "cure it",
  references: ["https://spec.matrix.org/"],
  since: "0.1.0",
});

export const RULE_TEXTS: RuleText[] = [
  ruleText("SOTTO-ENC-001", "critical"),
  ruleText("SOTTO-ACC-001", "high"),
  ruleText("SOTTO-DEV-001", "medium"),
  ruleText("SOTTO-META-001", "low"),
];

let made = 0;

export function finding(
  ruleId: RuleId,
  severity: Severity,
  result: Result = "fail",
  change: Partial<Shown> = {},
): Shown {
  made += 1;
  return {
    ...{ ruleId, severity, result, subject: { roomId: `!room${made}` }, message: `finding ${made}` },
    ...(result === "fail" || result === "warn" ? { cure: `cure ${made}` } : {}),
    fingerprint: made.toString(16).padStart(16, "0"),
    ...change,
  };
}

/** A report of these findings. */
export function reportOf(
  findings: readonly Finding[],
  { rules = RULE_TEXTS, of = facts() }: { rules?: RuleText[]; of?: Facts } = {},
): Report {
  return makeReport({
    audit: { collectedMs: of.collectedMs, rules, findings: [...findings] },
    facts: of,
    findings: [...findings],
    charts: chartsOf(of, DEFAULT_POLICY, []),
  });
}

/** One finding of every result and some of every severity, and what else a report can hold, all with the same words. */
export function hostileReport(words: string): Report {
  const said = { message: words, cure: words };
  const subject = { roomId: `!${words}`, userId: `@${words}`, deviceId: words, eventId: `$${words}` };
  const rest = { ...said, subject };
  const report = reportOf([
    finding("SOTTO-ENC-001", "critical", "fail", rest),
    finding("SOTTO-ACC-001", "high", "fail", { ...rest, change: "new" }),
    finding("SOTTO-ACC-001", "high", "warn", rest),
    finding("SOTTO-DEV-001", "medium", "error", { message: words, subject: {} }),
    finding("SOTTO-DEV-001", "medium", "not-checked", { message: words, subject: {} }),
    finding("SOTTO-META-001", "low", "fail", {
      ...rest,
      accepted: { by: "waiver", owner: words, reason: words, expires: "2026-12-31" },
    }),
    finding("SOTTO-META-001", "low", "pass", { message: words, subject: { roomId: words } }),
    finding("SOTTO-META-001", "low", "not-applicable", { message: words, subject: { userId: words } }),
  ]);
  const gone = {
    ruleId: "SOTTO-ENC-001",
    severity: "low",
    subject,
    fingerprint: "0123456789abcdef",
  } as const;
  return {
    ...report,
    homeserver: words,
    by: words,
    roomNames: [[`!${words}`, words]],
    policyFile: `/etc/${words}`,
    summary: {
      ...report.summary,
      changes: { sinceMs: report.collectedMs, new: 1, stillThere: 0, gone: [gone] },
    },
    charts: {
      ...report.charts,
      devices: [{ label: words, count: 2, tone: "bad" }],
      history: [{ atMs: report.collectedMs, failed: report.summary.failed }],
    },
  };
}
