import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { judgeGuarded } from "../powers.ts";
import { defineRule } from "../rule.ts";

export const guardsJoinRules = defineRule({
  id: "SOTTO-ACC-011",
  title: "The room's join rule is guarded",
  severity: "high",
  rationale: "Whoever may change it can open the door to everybody.",
  how: `${curlState("m.room.power_levels")}: events["m.room.join_rules"], else "state_default", else 50, is not below the policy's guardLevel`,
  cure: 'in m.room.power_levels set events["m.room.join_rules"] to the policy\'s guardLevel and keep the rest as it is',
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroomjoin_rules",
    "https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check: (state, { policy }, { roomId }) =>
    judgeGuarded("m.room.join_rules", state, policyFor(policy, roomId).guardLevel),
});
