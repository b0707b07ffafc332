import type { Step, WarnedUser, Warning } from "../model/enforcement.ts";
import type { Facts, UserFacts } from "../model/facts.ts";
import type { DeviceId } from "../model/ids.ts";
import { joined, levelOf } from "../model/levels.ts";
import type { PeoplePolicy } from "../model/policy.ts";
import { day, type Room, step } from "./step.ts";

export interface PeopleKnown {
  facts: Facts;
  policy: PeoplePolicy;
  warnings: readonly Warning[];
  nowMs: number;
}

/** So often somebody is told, before they are removed at the earliest. */
const ROUNDS = 2;

interface PeoplePlan {
  steps: Step[];
  notes: string[];
  /** Somebody's devices could not be read. */
  isUnread: boolean;
}

/**
 * Members whose devices stay unsigned are told twice, and removed when the time of grace is over that began with the first
 * notice.
 */
export function dealWithUnsigned(room: Room, known: PeopleKnown): PeoplePlan {
  const { state, roomId, by } = room;
  const { facts, policy, warnings, nowMs } = known;
  const present = new Set(joined(state));
  const notes: string[] = [];
  const warned: WarnedUser[] = [];
  const kicks: Step[] = [];
  let isUnread = false;
  for (const user of facts.users) {
    const { userId } = user;
    if (userId === by || !present.has(userId)) continue;
    const devices = unsignedOf(user, policy);
    if (devices === undefined) continue;
    if (typeof devices === "string") {
      notes.push(`${userId}: ${devices}`);
      isUnread = true;
      continue;
    }
    const warning = warnings.find((told) => told.roomId === roomId && told.userId === userId);
    const round = (warning?.count ?? 0) + 1;
    const isOver = warning !== undefined && nowMs - warning.firstMs >= policy.graceMs;
    const isDue = warning === undefined || nowMs - warning.lastMs >= policy.graceMs / ROUNDS;
    if (warning && isOver && warning.count >= ROUNDS) {
      if (levelOf(state, userId) < Number.POSITIVE_INFINITY) kicks.push(kick(room, warning, devices));
      else notes.push(`${userId} made this room and cannot be removed by anybody: only another room helps`);
    } else if (isDue) warned.push({ userId, round, devices });
  }
  if (state.encryption === null && (warned.length > 0 || kicks.length > 0)) {
    return {
      steps: [],
      notes: [...notes, "members with unsigned devices are told once the room is encrypted"],
      isUnread,
    };
  }
  return { steps: [...warn(room, warned, policy), ...kicks], notes, isUnread };
}

/** Warnings whose users are signed by now, or not in the room any more; only of what was read. */
export function clearedOf({ facts, policy, warnings }: Omit<PeopleKnown, "nowMs">): Warning[] {
  return warnings.filter(({ roomId, userId }) => {
    const room = facts.rooms.find((read) => read.roomId === roomId);
    if (!room || "unread" in room.state) return false;
    const isHere = joined(room.state.value).includes(userId);
    const user = facts.users.find((known) => known.userId === userId);
    return !isHere || (user !== undefined && unsignedOf(user, policy) === undefined);
  });
}

/**
 * Their unsigned devices, none where there is no identity to sign them; undefined where all is well, and a sentence where
 * it is not known.
 */
function unsignedOf({ identity, devices }: UserFacts, policy: PeoplePolicy): DeviceId[] | string | undefined {
  if ("unread" in identity) return identity.unread;
  if ("unread" in devices) return devices.unread;
  const withKeys = devices.value.filter(({ keys, isDehydrated }) => keys !== undefined && !isDehydrated);
  if (identity.value === null && policy.crossSigned) return withKeys.length > 0 ? [] : undefined;
  const unsigned = withKeys.filter(({ isCrossSigned }) => !isCrossSigned).map(({ deviceId }) => deviceId);
  return unsigned.length > 0 && !policy.unsignedDevices ? unsigned : undefined;
}

function warn(room: Room, users: WarnedUser[], { graceMs }: PeoplePolicy): Step[] {
  if (users.length === 0) return [];
  const names = users.map(({ userId, devices }) =>
    devices.length > 0 ? `${userId} (${devices.join(", ")})` : `${userId} (no identity)`,
  );
  const what = `tell ${names.join("; ")} by an encrypted notice that unsigned devices have to be signed`;
  const { events, eventsDefault } = room.state.powerLevels;
  const needs = Object.hasOwn(events, "m.room.encrypted") ? events["m.room.encrypted"]! : eventsDefault;
  return [step(room, { kind: "warn", users, graceMs }, { what, needs, reversible: false })];
}

function kick(room: Room, { userId, firstMs }: Warning, devices: DeviceId[]): Step {
  const { state } = room;
  const what = `remove ${userId}, whose devices are unsigned and who was told on ${day(firstMs)} first`;
  // one above theirs: who stands as high as we do cannot be removed by us
  const needs = Math.max(state.powerLevels.kick, levelOf(state, userId) + 1);
  const lacks = devices.length === 0 ? ("identity" as const) : ("signatures" as const);
  const request = { kind: "kick" as const, userId, warnedMs: firstMs, lacks };
  return step(room, request, { what, needs, reversible: true });
}
