import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { judgeGuarded } from "../powers.ts";
import { defineRule } from "../rule.ts";

export const guardsServerAcl = defineRule({
  id: "SOTTO-ACC-013",
  title: "The list of servers that are kept out is guarded",
  severity: "medium",
  rationale:
    "Whoever may change it can let a banned homeserver in, or shut out everybody else's, which nobody there can undo.",
  how: `${curlState("m.room.power_levels")}: events["m.room.server_acl"], else "state_default", else 50, is not below the policy's guardLevel`,
  cure: 'in m.room.power_levels set events["m.room.server_acl"] to the policy\'s guardLevel and keep the rest as it is',
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroomserver_acl",
    "https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check: (state, { policy }, { roomId }) =>
    judgeGuarded("m.room.server_acl", state, policyFor(policy, roomId).guardLevel),
});
