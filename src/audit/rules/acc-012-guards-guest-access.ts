import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { judgeGuarded } from "../powers.ts";
import { defineRule } from "../rule.ts";

export const guardsGuestAccess = defineRule({
  id: "SOTTO-ACC-012",
  title: "The room's guest access is guarded",
  severity: "medium",
  rationale: "Whoever may change it can let in guests, whom nobody knows.",
  how: `${curlState("m.room.power_levels")}: events["m.room.guest_access"], else "state_default", else 50, is not below the policy's guardLevel`,
  cure: 'in m.room.power_levels set events["m.room.guest_access"] to the policy\'s guardLevel and keep the rest as it is',
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroomguest_access",
    "https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check: (state, { policy }, { roomId }) =>
    judgeGuarded("m.room.guest_access", state, policyFor(policy, roomId).guardLevel),
});
