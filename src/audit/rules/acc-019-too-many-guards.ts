import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { stand, standingAt, withLevels } from "../powers.ts";
import { defineRule } from "../rule.ts";

export const tooManyGuards = defineRule({
  id: "SOTTO-ACC-019",
  title: "Few can weaken the room",
  severity: "medium",
  rationale:
    "One stolen account of those who may change everything is enough: the fewer there are, the better.",
  how: `${curlState("m.room.power_levels")}: count the members whose level in "users", else "users_default", is the policy's guardLevel or above; from room version 12 on, the creators too`,
  cure: 'in m.room.power_levels lower in "users" those who need not be there; only they themselves, or somebody above them, can do it',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check(state, { policy }, { roomId }) {
    const { guardLevel, maxGuards } = policyFor(policy, roomId);
    const guards = standingAt(state, guardLevel);
    if (guards.length <= maxGuards) return [];
    return [
      {
        result: "fail",
        message: `${stand(guards.length)} at level ${guardLevel} or above, and the policy allows ${maxGuards}: ${withLevels(state, guards)}`,
      },
    ];
  },
});
