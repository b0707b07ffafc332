import type { UserId } from "./ids.ts";
import type { PowerLevels, RoomState } from "./room-facts.ts";

// Who may do what in a room. https://spec.matrix.org/v1.19/client-server-api/#mroompower_levels

/** State that makes a room weaker for whoever may change it. */
export const GUARDED = [
  "m.room.encryption",
  "m.room.guest_access",
  "m.room.history_visibility",
  "m.room.join_rules",
  "m.room.power_levels",
  "m.room.server_acl",
  "m.room.tombstone",
] as const;

const own = (levels: Record<string, number>, key: string): number | undefined =>
  Object.hasOwn(levels, key) ? levels[key] : undefined;

/** Privileged creators stand above every number. */
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
