import { curlState } from "../how.ts";
import { GUARDED, neededForState } from "../powers.ts";
import { defineRule } from "../rule.ts";
import { named } from "../say.ts";

export const usersDefault = defineRule({
  id: "SOTTO-ACC-015",
  title: "Members stand at no level but those who were given one",
  severity: "high",
  rationale: "A default level above 0 gives everybody who ever joins what was meant for a few.",
  how: `${curlState("m.room.power_levels")}: "users_default" is 0 or missing`,
  cure: 'in m.room.power_levels set "users_default" to 0 and keep the rest as it is',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ powerLevels }) {
    const { usersDefault: level, kick, ban, redact, stateDefault } = powerLevels;
    if (level <= 0) return [];
    const rights = Object.entries({
      "kick others": kick,
      "ban others": ban,
      "redact what others said": redact,
      "change the room's state": Math.min(
        stateDefault,
        ...GUARDED.map((type) => neededForState(powerLevels, type)),
      ),
    })
      .filter(([, needed]) => level >= needed)
      .map(([right]) => right);
    return [
      rights.length > 0
        ? { result: "fail", message: `every member stands at level ${level} and may ${named(rights)}` }
        : {
            result: "warn",
            severity: "low",
            message: `every member stands at level ${level}, which gives no right as yet`,
          },
    ];
  },
});
