import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { judgeGuarded } from "../powers.ts";
import { defineRule } from "../rule.ts";

export const guardsEncryption = defineRule({
  id: "SOTTO-ACC-008",
  title: "The room's encryption is guarded",
  severity: "high",
  rationale:
    "Whoever may send m.room.encryption can lengthen the life of keys, or name an algorithm that newcomers cannot use.",
  how: `${curlState("m.room.power_levels")}: events["m.room.encryption"], else "state_default", else 50, is not below the policy's guardLevel`,
  cure: 'in m.room.power_levels set events["m.room.encryption"] to the policy\'s guardLevel and keep the rest as it is',
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroomencryption",
    "https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check: (state, { policy }, { roomId }) =>
    judgeGuarded("m.room.encryption", state, policyFor(policy, roomId).guardLevel),
});
