import {
  ENFORCEMENT_SCHEMA_VERSION,
  type EnforcedState,
  type EnforcementPlan,
  type RoomPlan,
  type Warning,
} from "../model/enforcement.ts";
import type { Facts } from "../model/facts.ts";
import type { RoomId } from "../model/ids.ts";
import { joined } from "../model/levels.ts";
import { type Policy, policyFor } from "../model/policy.ts";
import type { RoomFacts } from "../model/room-facts.ts";
import { redactClearVoice } from "./clear-voice.ts";
import { closeDoors, doorNotes, unlist } from "./doors.ts";
import { encrypt } from "./encryption.ts";
import { raiseGuards } from "./guards.ts";
import { replace, replaceable } from "./new-room.ts";
import { clearedOf, dealWithUnsigned } from "./people.ts";
import type { Room } from "./step.ts";

export { newRoom } from "./new-room.ts";
export { canonical, isSame } from "./step.ts";

export interface PlanOptions {
  facts: Facts;
  /** What stands in the rooms of `facts`, by room ID; of a room without it nothing is planned. */
  states: Readonly<Record<RoomId, EnforcedState>>;
  policy: Policy;
  warnings: readonly Warning[];
  /** Rooms that shall be replaced if another room is what it takes. */
  replace: readonly RoomId[];
  /** There is an administrator's token: media go with what is redacted. */
  purges: boolean;
  nowMs: number;
}

/** What brings the rooms to policy. It asks and does nothing; the same facts give the same plan. */
export function makePlan(options: PlanOptions): EnforcementPlan {
  const { facts, policy, warnings, nowMs } = options;
  const rooms = facts.rooms
    .map((room) => planRoom(room, options))
    .filter(({ steps, notes }) => steps.length > 0 || notes.length > 0);
  const cleared = clearedOf({ facts, policy: policy.people, warnings }).map(({ roomId, userId }) => ({
    roomId,
    userId,
  }));
  return { schemaVersion: ENFORCEMENT_SCHEMA_VERSION, madeMs: nowMs, by: facts.by, rooms, cleared };
}

/**
 * The levels come first: nobody undoes then what follows. They are raised to what we have ourselves at most, so that
 * nothing is lost by it. Whom a step removes hears before that what it is about.
 */
function planRoom(facts: RoomFacts, options: PlanOptions): RoomPlan {
  const { roomId } = facts;
  const only = (note: string): RoomPlan => ({ roomId, steps: [], notes: [note] });
  const unread = (note: string): RoomPlan => ({ ...only(note), isUnread: true });
  if ("unread" in facts.state) return unread(facts.state.unread);
  const state = facts.state.value;
  const by = options.facts.by;
  const now = options.states[roomId];
  if (!joined(state).includes(by))
    return only("our account is not in this room, and can change nothing there");
  if (now === undefined) return unread("what stands in the room could not be read");
  if (state.tombstone !== null) return { roomId, steps: [], notes: [] };
  const room: Room = { roomId, state, policy: policyFor(options.policy, roomId), by };
  if (!agrees(room, now)) return unread("the room was changed while it was read: plan again");
  const faults = replaceable(room);
  if (faults.length > 0 && options.replace.includes(roomId)) {
    return { roomId, steps: [replace(room, facts)], notes: faults };
  }
  const people = dealWithUnsigned(room, {
    facts: options.facts,
    policy: options.policy.people,
    warnings: options.warnings,
    nowMs: options.nowMs,
  });
  const clear = redactClearVoice(room, facts, options.purges);
  const isUnread =
    people.isUnread ||
    ("unread" in facts.timeline && state.encryption !== null) ||
    ("unread" in facts.isListed && !room.policy.listed);
  return {
    roomId,
    steps: [
      ...raiseGuards(room, now["m.room.power_levels"]),
      ...closeDoors(room, now),
      ...unlist(room, facts.isListed),
      ...encrypt(room, now),
      ...clear.steps,
      ...people.steps,
    ],
    notes: [
      ...faults.map((fault) => `${fault}: only another room cures it (--replace ${roomId})`),
      ...doorNotes(room),
      ...("unread" in facts.isListed ? [facts.isListed.unread] : []),
      ...clear.notes,
      ...people.notes,
    ],
    ...(isUnread && { isUnread }),
  };
}

/** Between the facts and what stands in the room now, somebody may have changed it. */
function agrees({ state }: Room, now: EnforcedState): boolean {
  const written = (type: keyof EnforcedState, member: string, otherwise: string): unknown =>
    now[type]?.[member] ?? otherwise;
  return (
    (now["m.room.encryption"] === null) === (state.encryption === null) &&
    (now["m.room.power_levels"] !== null) === state.powerLevels.isSet &&
    isText(written("m.room.history_visibility", "history_visibility", "shared"), state.historyVisibility) &&
    isText(written("m.room.join_rules", "join_rule", "invite"), state.joinRule.rule) &&
    isText(written("m.room.guest_access", "guest_access", "forbidden"), state.guestAccess)
  );
}

/** What is no text, or a long one, stands in the facts as something else: whoever sets it anew does no harm. */
const isText = (written: unknown, read: string): boolean =>
  typeof written !== "string" || written.length > 100 || written === read;
