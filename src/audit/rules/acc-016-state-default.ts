import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";

export const stateDefault = defineRule({
  id: "SOTTO-ACC-016",
  title: "It takes a level to change the room's state",
  severity: "high",
  rationale:
    "Where state takes no level, any member can add widgets and bridges, and whatever state clients learn to obey next.",
  how: `${curlState("m.room.power_levels")}: "state_default" is above 0; 50 where it is missing`,
  cure: 'in m.room.power_levels set "state_default" to 50 and keep the rest as it is',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ powerLevels }) {
    if (powerLevels.stateDefault > 0) return [];
    return [
      {
        result: "fail",
        message: `state that has no level of its own takes level ${powerLevels.stateDefault}: any member can set it`,
      },
    ];
  },
});
