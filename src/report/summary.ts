import manifest from "../../package.json" with { type: "json" };
import type { Facts } from "../model/facts.ts";
import { type Audit, RESULTS, SEVERITIES } from "../model/finding.ts";
import type { Changes, Charts, IdleWaiver, Report, Shown, Summary } from "../model/report.ts";
import { gradeOf } from "./grade.ts";
import { byUrgency } from "./order.ts";

export interface ReportParts {
  audit: Audit;
  facts: Facts;
  /** The audit's findings, with what people have said of them. */
  findings: Shown[];
  policyFile?: string | null;
  changes?: Changes;
  idle?: IdleWaiver[];
  charts: Charts;
}

/** Counts and sorts: what every format shows is the same. */
export function makeReport({
  audit,
  facts,
  findings,
  policyFile,
  changes,
  idle = [],
  charts,
}: ReportParts): Report {
  const { collectedMs, by, scope, homeserver, rooms, users } = facts;
  const devices = users.reduce(
    (sum, user) => sum + ("value" in user.devices ? user.devices.value.length : 0),
    0,
  );
  return {
    version: manifest.version,
    ...{ collectedMs, by, scope, homeserver: homeserver.serverName },
    counts: { rooms: rooms.length, users: users.length, devices },
    roomNames: rooms.flatMap(({ roomId, state }): [string, string][] =>
      "value" in state && state.value.name ? [[roomId, state.value.name]] : [],
    ),
    policyFile: policyFile ?? null,
    rules: audit.rules,
    findings: [...findings].sort(byUrgency),
    summary: {
      ...summaryOf(audit, findings),
      ...(changes && { changes }),
      ...(idle.length > 0 && { idleWaivers: idle }),
    },
    charts,
  };
}

function summaryOf({ rules }: Audit, findings: readonly Shown[]): Summary {
  const counted = <K extends string>(keys: readonly K[], keyOf: (finding: Shown) => K | undefined) => {
    const counts = Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;
    for (const finding of findings) {
      const key = keyOf(finding);
      if (key !== undefined) counts[key] += 1;
    }
    return counts;
  };
  const ofRule = new Map(rules.map(({ id }) => [id, {} as Summary["rules"][number]["results"]]));
  for (const { ruleId, result } of findings) {
    const results = ofRule.get(ruleId);
    if (results) results[result] = (results[result] ?? 0) + 1;
  }
  return {
    ...gradeOf(findings),
    results: counted(RESULTS, ({ result }) => result),
    failed: failedOf(findings),
    accepted: findings.filter(({ accepted }) => accepted).length,
    rules: rules.map(({ id, title, severity }) => ({
      ...{ ruleId: id, title, severity },
      results: ofRule.get(id) ?? {},
    })),
  };
}

/** Fails that nobody has accepted, by severity. */
export function failedOf(findings: readonly Shown[]): Summary["failed"] {
  const failed = Object.fromEntries(SEVERITIES.map((severity) => [severity, 0])) as Summary["failed"];
  for (const { result, severity, accepted } of findings)
    if (result === "fail" && !accepted) failed[severity] += 1;
  return failed;
}
