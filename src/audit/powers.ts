import type { UserId } from "../model/ids.ts";
import { levelOf, neededForState, standingAt } from "../model/levels.ts";
import type { RoomState } from "../model/room-facts.ts";
import type { Verdict } from "./rule.ts";
import { counted, named } from "./say.ts";

export { GUARDED, joined, levelOf, neededForMessage, neededForState, standingAt } from "../model/levels.ts";

/** Whether a state event of a type takes the level that the policy guards rooms with. */
export function judgeGuarded(type: string, state: RoomState, guardLevel: number): Verdict[] {
  const needed = neededForState(state.powerLevels, type);
  if (needed >= guardLevel) return [];
  const could = standingAt(state, needed).filter((userId) => levelOf(state, userId) < guardLevel);
  return [
    {
      result: "fail",
      // as clients make rooms: nobody can do it whom somebody at the top has not raised
      ...(could.length === 0 && { severity: "low" as const }),
      message: `level ${needed} is enough to change ${type}, and the policy asks for ${guardLevel}: ${
        could.length > 0
          ? `${named(could)} could do it below that`
          : "nobody stands between, and whoever is raised there could"
      }`,
      cure: `in m.room.power_levels set events["${type}"] to ${guardLevel} and keep the rest as it is`,
    },
  ];
}

/** `@a:b (100)`, for messages. */
export const withLevels = (state: RoomState, users: readonly UserId[]): string =>
  named(
    users.map((userId) => {
      const level = levelOf(state, userId);
      return `${userId} (${level === Number.POSITIVE_INFINITY ? "creator" : level})`;
    }),
  );

/** `3 users stand`, `1 user stands`. */
export const stand = (count: number): string =>
  `${counted(count, "user")} ${count === 1 ? "stands" : "stand"}`;
