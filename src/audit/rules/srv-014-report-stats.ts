import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const reportStats = defineRule({
  id: "SOTTO-SRV-014",
  title: "The homeserver reports no statistics",
  severity: "low",
  rationale: "Its name, its size and how much is sent go to matrix.org every few hours.",
  how: "`grep report_stats homeserver.yaml`",
  cure: "set `report_stats: false` in homeserver.yaml and restart Synapse",
  references: [manual("report_stats")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ isStatsReported }, { policy }) {
    if (policy.homeserver.telemetry) return [{ result: "not-applicable", message: "the policy allows it" }];
    return isStatsReported
      ? [{ result: "fail", message: "the homeserver reports its name and numbers to matrix.org" }]
      : [];
  },
});
