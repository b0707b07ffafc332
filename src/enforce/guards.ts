import type { Content, Step } from "../model/enforcement.ts";
import { GUARDED, levelOf, neededForMessage, neededForState } from "../model/levels.ts";
import { isSame, type Room, step } from "./step.ts";

const TYPE = "m.room.power_levels";

/** What `state_default` is where nobody has set one. */
const STATE_DEFAULT = 50;

/**
 * The levels that guard the room's encryption, raised to the policy's; nobody but ourselves is given or loses a level of
 * their own, and no demand is lowered.
 */
export function raiseGuards(room: Room, before: Content | null): Step[] {
  const { state, policy, by } = room;
  const { powerLevels, create } = state;
  const creatorAlone = create.privilegedCreators.length > 0 ? {} : { [create.sender]: 100 };
  const content: Content = before ?? { users: creatorAlone, state_default: powerLevels.stateDefault };
  const events: Record<string, unknown> = { ...objectOf(content.events) };
  const after: Content = { ...content };
  const raised: string[] = [];
  const levels: number[] = [];

  for (const type of GUARDED) {
    if (neededForState(powerLevels, type) >= policy.guardLevel) continue;
    events[type] = highest(events[type], policy.guardLevel);
    raised.push(type);
    levels.push(policy.guardLevel);
  }
  const encrypted = neededForMessage(powerLevels, "m.room.encrypted");
  if (encrypted > neededForMessage(powerLevels, "m.room.message")) {
    events["m.room.message"] = highest(events["m.room.message"], encrypted);
    raised.push("m.room.message");
    levels.push(encrypted);
  }
  if (!isSame(events, objectOf(content.events))) after.events = events;
  if (powerLevels.invite < policy.inviteLevel) {
    after.invite = highest(content.invite, policy.inviteLevel);
    raised.push("invite");
    levels.push(policy.inviteLevel);
  }
  if (powerLevels.stateDefault <= 0) {
    after.state_default = highest(content.state_default, STATE_DEFAULT);
    raised.push("state_default");
    levels.push(STATE_DEFAULT);
  }
  if (powerLevels.isSet && powerLevels.usersDefault > 0) {
    after.users_default = 0;
    raised.push("users_default (to 0)");
    levels.push(powerLevels.usersDefault);
    // whoever stands by the default alone falls: our own account does not, or it could do nothing more
    const users = objectOf(content.users);
    if (!Object.hasOwn(users, by) && !create.privilegedCreators.includes(by))
      after.users = { ...users, [by]: levelOf(state, by) };
  }
  if (raised.length === 0) return [];
  const what = `change the levels that guard the room: ${raised.join(", ")}`;
  const needs = Math.max(neededForState(powerLevels, TYPE), ...levels);
  return [step(room, { kind: "state", type: TYPE, before, after }, { what, needs, reversible: true })];
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : {};

/** What was raised between two readings is not lowered. */
const highest = (written: unknown, level: number): number =>
  Math.max(Number.isSafeInteger(written) ? (written as number) : level, level);
