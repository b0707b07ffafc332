import { SEVERITIES, type Severity } from "../model/finding.ts";
import type { Report } from "../model/report.ts";

/** From which severity on a fail makes a run fail. */
export type FailOn = Severity | "never";

/**
 * The exit code of a run: 1 where something fails at or above the threshold that nobody has accepted; else 3 where
 * something could not be looked at although it was asked for; else 0.
 */
export function exitCodeOf({ findings }: Report, failOn: FailOn): 0 | 1 | 3 {
  const least = failOn === "never" ? Number.POSITIVE_INFINITY : SEVERITIES.indexOf(failOn);
  const hasFailed = findings.some(
    ({ result, severity, accepted }) =>
      result === "fail" && !accepted && SEVERITIES.indexOf(severity) >= least,
  );
  if (hasFailed) return 1;
  const isIncomplete = findings.some(
    ({ result, notAsked }) => result === "error" || (result === "not-checked" && !notAsked),
  );
  return isIncomplete ? 3 : 0;
}
