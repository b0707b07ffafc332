import { expect } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import { makePlan, type PlanOptions } from "../../src/enforce/index.ts";
import type { Content, EnforcedState, RoomPlan, Step } from "../../src/model/enforcement.ts";
import type { UserFacts } from "../../src/model/facts.ts";
import type { Policy, RoomPolicy } from "../../src/model/policy.ts";
import type { PowerLevels, RoomFacts, RoomState } from "../../src/model/room-facts.ts";
import { ALICE, BOT, facts, known, NOW_MS, ROOM, room, roomState } from "./facts.ts";

// A plan for one room of the clean team, of which a test changes one thing.

export const DAY_MS = 86_400_000;
export const clean = roomState();
export const LEVELS: PowerLevels = { ...clean.powerLevels, users: { [ALICE]: 100, [BOT]: 100 } };

/** The events that make such a state. */
export function eventsOf(state: RoomState): EnforcedState {
  const { users, usersDefault, events, eventsDefault, stateDefault, invite, kick, ban, redact, isSet } =
    state.powerLevels;
  const levels: Content = {
    ...{ users, users_default: usersDefault, events, events_default: eventsDefault },
    ...{ state_default: stateDefault, invite, kick, ban, redact },
  };
  return {
    "m.room.power_levels": isSet ? levels : null,
    "m.room.join_rules": { join_rule: state.joinRule.rule },
    "m.room.guest_access": { guest_access: state.guestAccess },
    "m.room.history_visibility": { history_visibility: state.historyVisibility },
    "m.room.encryption": state.encryption && { algorithm: state.encryption.algorithm },
  };
}

export interface Given extends Partial<Omit<PlanOptions, "facts" | "policy">> {
  state?: Partial<RoomState>;
  room?: Partial<RoomFacts>;
  users?: UserFacts[];
  rooms?: Partial<RoomPolicy>;
  people?: Partial<Policy["people"]>;
}

export function planned({
  state: change,
  room: other,
  users,
  rooms,
  people,
  ...options
}: Given = {}): RoomPlan {
  const state = roomState({ powerLevels: LEVELS, ...change });
  const { rooms: plans } = makePlan({
    facts: facts({ rooms: [room({ state: known(state), ...other })], ...(users && { users }) }),
    policy: {
      ...DEFAULT_POLICY,
      rooms: { ...DEFAULT_POLICY.rooms, ...rooms },
      people: { ...DEFAULT_POLICY.people, ...people },
    },
    states: { [ROOM]: eventsOf(state) },
    ...{ warnings: [], replace: [], purges: false, nowMs: NOW_MS },
    ...options,
  });
  return plans[0] ?? { roomId: ROOM, steps: [], notes: [] };
}

/** What a step asks for, in short. */
export const short = ({ request }: Step): string =>
  request.kind === "state" ? `${request.type} ${JSON.stringify(request.after)}` : request.kind;
export const stepsOf = (given: Given): string[] => planned(given).steps.map(short);
export const only = (given: Given): Step => {
  const { steps } = planned(given);
  expect(steps).toHaveLength(1);
  return steps[0]!;
};
