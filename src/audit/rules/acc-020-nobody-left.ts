import type { RoomState } from "../../model/room-facts.ts";
import { curlMembers, curlState } from "../how.ts";
import { joined, levelOf, neededForState, standingAt } from "../powers.ts";
import { defineRule } from "../rule.ts";
import { named } from "../say.ts";

/** Who could, if they were still there. */
function gone(state: RoomState, level: number): string[] {
  const here = joined(state);
  const { create, powerLevels } = state;
  return [
    ...new Set([create.sender, ...create.privilegedCreators, ...Object.keys(powerLevels.users)]),
  ].filter((userId) => !here.includes(userId) && levelOf(state, userId) >= level);
}

export const nobodyLeft = defineRule({
  id: "SOTTO-ACC-020",
  title: "Somebody is left who can set things right",
  severity: "high",
  rationale:
    "In a room in which nobody may change the power levels any more, no fault can be cured and nobody can be removed.",
  how: `${curlMembers} and ${curlState("m.room.power_levels")}: a joined member stands at events["m.room.power_levels"], else "state_default", else 50`,
  cure: "replace the room (`sotto enforce plan`), or let one of those come back by an invitation",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check(state) {
    if (state.tombstone !== null)
      return [{ result: "not-applicable", message: "the room has been replaced: SOTTO-ACC-026 judges it" }];
    const level = neededForState(state.powerLevels, "m.room.power_levels");
    if (standingAt(state, level).length > 0) return [];
    const left = gone(state, level);
    return [
      {
        result: "fail",
        message: `nobody in the room stands at level ${level}, which it takes to change power levels${left.length > 0 ? `; ${named(left)} did and is not there` : ""}`,
      },
    ];
  },
});
