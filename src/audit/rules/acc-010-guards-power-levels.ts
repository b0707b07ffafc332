import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { judgeGuarded } from "../powers.ts";
import { defineRule } from "../rule.ts";

export const guardsPowerLevels = defineRule({
  id: "SOTTO-ACC-010",
  title: "The room's power levels are guarded",
  severity: "high",
  rationale: "Whoever may change power levels can give others everything that they may do themselves.",
  how: `${curlState("m.room.power_levels")}: events["m.room.power_levels"], else "state_default", else 50, is not below the policy's guardLevel`,
  cure: 'in m.room.power_levels set events["m.room.power_levels"] to the policy\'s guardLevel and keep the rest as it is',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check: (state, { policy }, { roomId }) =>
    judgeGuarded("m.room.power_levels", state, policyFor(policy, roomId).guardLevel),
});
