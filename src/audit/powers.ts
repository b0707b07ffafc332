import type { UserId } from "../model/ids.ts";
import type { PowerLevels, RoomState } from "../model/room-facts.ts";
import type { Verdict } from "./rule.ts";
import { counted, named } from "./say.ts";

const own = (levels: Record<string, number>, key: string): number | undefined =>
  Object.hasOwn(levels, key) ? levels[key] : undefined;

/** Privileged creators stand above every number. https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels */
export function levelOf({ create, powerLevels }: RoomState, userId: UserId): number {
  if (create.privilegedCreators.includes(userId)) return Number.POSITIVE_INFINITY;
  if (!powerLevels.isSet) return userId === create.sender ? 100 : 0;
  return own(powerLevels.users, userId) ?? powerLevels.usersDefault;
}

export const neededForState = ({ events, stateDefault }: PowerLevels, type: string): number =>
  own(events, type) ?? stateDefault;

export const neededForMessage = ({ events, eventsDefault }: PowerLevels, type: string): number =>
  own(events, type) ?? eventsDefault;

/** Who is in the room, and may be invited only. */
export const joined = ({ members }: RoomState): UserId[] =>
  members.filter(({ membership }) => membership === "join").map(({ userId }) => userId);

/** Who of those in the room stands at a level or above. */
export const standingAt = (state: RoomState, level: number): UserId[] =>
  joined(state).filter((userId) => levelOf(state, userId) >= level);

/** Whether a state event of a type takes the level that the policy guards rooms with. */
export function judgeGuarded(type: string, state: RoomState, guardLevel: number): Verdict[] {
  const needed = neededForState(state.powerLevels, type);
  if (needed >= guardLevel) return [];
  const could = standingAt(state, needed).filter((userId) => levelOf(state, userId) < guardLevel);
  return [
    {
      result: "fail",
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
