import { defineRule } from "../rule.ts";
import { span } from "../say.ts";

export const recoveryDrill = defineRule({
  id: "SOTTO-OWN-007",
  title: "The recovery key was tried not long ago",
  severity: "medium",
  rationale:
    "A recovery key that opens nothing is found out on the day on which it is needed, unless somebody tries it before.",
  how: "`sotto recovery status` (lastGoodDrill)",
  cure: "run `sotto recovery drill --recovery-key-file FILE`: it changes nothing that is in use",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#secrets"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : own.value.recoveryDrilledMs),
  check(drilledMs, { facts, policy }) {
    if (drilledMs === null) return [{ result: "fail", message: "the recovery key was never tried" }];
    const ageMs = facts.collectedMs - drilledMs;
    if (ageMs <= policy.own.maxDrillAgeMs) return [];
    return [
      {
        result: "fail",
        message: `the recovery key was tried ${span(ageMs)} ago, and the policy wants it every ${span(policy.own.maxDrillAgeMs)}`,
      },
    ];
  },
});
