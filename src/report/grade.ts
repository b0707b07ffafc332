import { type Cap, GRADES, type Grade, type Shown } from "../model/report.ts";
import { numbered } from "./text.ts";

/** So many rules that fail at `high` are more than one thing gone wrong. */
const MANY_HIGH = 3;

/**
 * What an audit is worth in one letter. It begins at A, and each thing that is wrong sets a cap; what nobody looked at
 * sets one too, and so does what somebody has signed for. `docs/decisions/0030-audit-report.md` has the scale.
 */
export function gradeOf(findings: readonly Shown[]): { grade: Grade; caps: Cap[] } {
  const failed = findings.filter(({ result, accepted }) => result === "fail" && !accepted);
  const at = (severity: string): number => failed.filter((finding) => finding.severity === severity).length;
  const highRules = new Set(failed.filter(({ severity }) => severity === "high").map(({ ruleId }) => ruleId));
  const unread = findings.filter(({ result }) => result === "not-checked" || result === "error").length;
  const judged = findings.filter(({ result }) => ["pass", "fail", "warn"].includes(result)).length;
  const accepted = findings.filter((finding) => finding.accepted).length;
  const caps: (Cap | false)[] = [
    at("critical") > 0 && {
      grade: "F",
      reason: `${numbered(at("critical"), "critical finding")}: somebody can read what they should not`,
    },
    unread > judged && { grade: "D", reason: "more could not be checked than could" },
    highRules.size >= MANY_HIGH && { grade: "D", reason: `${highRules.size} rules fail at high` },
    at("high") > 0 && { grade: "C", reason: numbered(at("high"), "high finding") },
    at("medium") > 0 && { grade: "B", reason: numbered(at("medium"), "medium finding") },
    unread > 0 && { grade: "B", reason: `${numbered(unread, "check")} could not be made` },
    accepted > 0 && { grade: "B", reason: `${numbered(accepted, "finding")} accepted, not cured` },
  ];
  const set = caps.filter((cap) => cap !== false).sort((one, other) => rank(other) - rank(one));
  return { grade: set[0]?.grade ?? "A", caps: set };
}

const rank = ({ grade }: Cap): number => GRADES.indexOf(grade);
