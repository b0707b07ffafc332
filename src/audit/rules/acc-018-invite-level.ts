import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";

export const inviteLevel = defineRule({
  id: "SOTTO-ACC-018",
  title: "Only those may invite who should",
  severity: "medium",
  rationale: "Whoever is invited gets the keys from then on, and perhaps those of the past.",
  how: `${curlState("m.room.power_levels")}: "invite", 0 where it is missing, is not below the policy's inviteLevel`,
  cure: 'in m.room.power_levels set "invite" to the policy\'s inviteLevel and keep the rest as it is',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ powerLevels }, { policy }, { roomId }) {
    const needed = policyFor(policy, roomId).inviteLevel;
    if (powerLevels.invite >= needed) return [];
    return [
      {
        result: "fail",
        message: `level ${powerLevels.invite} is enough to invite, and the policy asks for ${needed}`,
        cure: `in m.room.power_levels set "invite" to ${needed} and keep the rest as it is`,
      },
    ];
  },
});
