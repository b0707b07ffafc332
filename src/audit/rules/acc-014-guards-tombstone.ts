import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { judgeGuarded } from "../powers.ts";
import { defineRule } from "../rule.ts";

export const guardsTombstone = defineRule({
  id: "SOTTO-ACC-014",
  title: "The room's end is guarded",
  severity: "high",
  rationale:
    "Whoever may send m.room.tombstone can lead all members to another room, of which they make the rules.",
  how: `${curlState("m.room.power_levels")}: events["m.room.tombstone"], else "state_default", else 50, is not below the policy's guardLevel`,
  cure: 'in m.room.power_levels set events["m.room.tombstone"] to the policy\'s guardLevel and keep the rest as it is',
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroomtombstone",
    "https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check: (state, { policy }, { roomId }) =>
    judgeGuarded("m.room.tombstone", state, policyFor(policy, roomId).guardLevel),
});
