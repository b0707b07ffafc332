import type { Content, EnforcedState, EnforcedType, Step } from "../model/enforcement.ts";
import type { Fact } from "../model/facts.ts";
import { neededForState } from "../model/levels.ts";
import { type Room, step } from "./step.ts";

/** The least that may be seen comes first. */
const VISIBILITIES = ["joined", "invited", "shared", "world_readable"];

/** Who may come in, see the room, and read what was said before. */
export function closeDoors(room: Room, now: EnforcedState): Step[] {
  return [...joinRule(room, now), ...guests(room, now), ...history(room, now)];
}

function set(
  room: Room,
  now: EnforcedState,
  type: EnforcedType,
  change: { after: Content; what: string },
): Step {
  const needs = neededForState(room.state.powerLevels, type);
  const request = { kind: "state" as const, type, before: now[type], after: change.after };
  return step(room, request, { what: change.what, needs, reversible: true });
}

function joinRule(room: Room, now: EnforcedState): Step[] {
  const { state, policy } = room;
  const { rule } = state.joinRule;
  if (policy.joinRules.includes(rule)) return [];
  const next = settable(policy);
  if (next === undefined) return [];
  const what = `set the join rule to ${next}; it is ${rule}`;
  return [set(room, now, "m.room.join_rules", { after: { join_rule: next }, what })];
}

const settable = ({ joinRules }: Room["policy"]): string | undefined =>
  ["invite", "knock", "private"].find((allowed) => joinRules.includes(allowed));

/** The others need rooms through which to come in, which only a person knows. */
export const doorNotes = ({ state: { joinRule }, policy }: Room): string[] =>
  policy.joinRules.includes(joinRule.rule) || settable(policy) !== undefined
    ? []
    : [
        `the join rule is ${joinRule.rule}, and the policy has none that can be set without more: set it by hand`,
      ];

function guests(room: Room, now: EnforcedState): Step[] {
  if (room.policy.guests || room.state.guestAccess === "forbidden") return [];
  const what = "shut guests out, who have no account";
  return [set(room, now, "m.room.guest_access", { after: { guest_access: "forbidden" }, what })];
}

function history(room: Room, now: EnforcedState): Step[] {
  const { state, policy } = room;
  const seen = VISIBILITIES.indexOf(state.historyVisibility);
  // what no client knows is taken for the spec's default, which may be too much
  if (seen >= 0 && seen <= VISIBILITIES.indexOf(policy.historyVisibility)) return [];
  const after = { history_visibility: policy.historyVisibility };
  const what = `set the history's visibility to ${policy.historyVisibility}; it is ${state.historyVisibility}, and what was said under that stays as it was`;
  return [set(room, now, "m.room.history_visibility", { after, what })];
}

/** https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3directorylistroomroomid */
export function unlist(room: Room, isListed: Fact<boolean>): Step[] {
  if ("unread" in isListed || !isListed.value || room.policy.listed) return [];
  // Synapse asks for the level that it takes to change the room's address
  const needs = neededForState(room.state.powerLevels, "m.room.canonical_alias");
  return [
    step(
      room,
      { kind: "unlist" },
      { what: "take the room out of the public directory", needs, reversible: true },
    ),
  ];
}
