import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { judgeGuarded } from "../powers.ts";
import { defineRule } from "../rule.ts";

export const guardsHistory = defineRule({
  id: "SOTTO-ACC-009",
  title: "The visibility of the room's history is guarded",
  severity: "high",
  rationale: "Whoever may change it can open to later members, or to the world, what is said from then on.",
  how: `${curlState("m.room.power_levels")}: events["m.room.history_visibility"], else "state_default", else 50, is not below the policy's guardLevel`,
  cure: 'in m.room.power_levels set events["m.room.history_visibility"] to the policy\'s guardLevel and keep the rest as it is',
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroomhistory_visibility",
    "https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check: (state, { policy }, { roomId }) =>
    judgeGuarded("m.room.history_visibility", state, policyFor(policy, roomId).guardLevel),
});
