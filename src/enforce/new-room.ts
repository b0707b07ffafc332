import type { NewRoom, Step } from "../model/enforcement.ts";
import type { UserId } from "../model/ids.ts";
import { GUARDED, joined, neededForState } from "../model/levels.ts";
import type { RoomPolicy } from "../model/policy.ts";
import type { RoomFacts } from "../model/room-facts.ts";
import { encryptionFaults, encryptionOf } from "./encryption.ts";
import { type Room, step } from "./step.ts";

/** What a room of a policy begins with: encrypted from its first events on, and guarded. */
export function newRoom(
  policy: RoomPolicy,
  asked: Pick<NewRoom, "name" | "topic" | "invite"> & { users?: Record<UserId, number> },
): NewRoom {
  const { name, topic, invite, users = {} } = asked;
  const { guardLevel, inviteLevel, joinRules, minVersion } = policy;
  const joinRule = ["invite", "knock", "private"].find((rule) => joinRules.includes(rule)) ?? "invite";
  const events = Object.fromEntries(GUARDED.map((type) => [type, guardLevel]));
  return {
    ...{ name, topic, invite },
    minVersion,
    isFederated: policy.federated,
    encryption: policy.encryption === "required" ? encryptionOf(policy) : null,
    historyVisibility: policy.historyVisibility === "world_readable" ? "shared" : policy.historyVisibility,
    joinRule: { join_rule: joinRule },
    guestAccess: "forbidden",
    powerLevels: {
      ...{ users, users_default: 0, events, events_default: 0, state_default: 50 },
      ...{ invite: Math.max(inviteLevel, 0), kick: 50, ban: 50, redact: 50 },
    },
    predecessor: null,
  };
}

/** What of a room cannot be changed any more: only another room is as the policy has it. */
export function replaceable(room: Room): string[] {
  const { state, policy, by } = room;
  const { version, isFederated, privilegedCreators } = state.create;
  const others = privilegedCreators.filter((userId) => userId !== by);
  return [
    ...encryptionFaults(room),
    ...(isFederated && !policy.federated ? ["it is federated, which cannot be changed (m.federate)"] : []),
    ...(Number(version) < policy.minVersion
      ? [`its version is ${version}, the policy's oldest ${policy.minVersion}`]
      : []),
    ...others.map((userId) => `${userId} made it, stands above every level and cannot be demoted`),
  ];
}

/** Another room to policy with the same members. Those who stood somewhere stand there again, but for its creators. */
export function replace(room: Room, { timeline }: RoomFacts): Step {
  const { roomId, state, policy, by } = room;
  const members = joined(state).filter((userId) => userId !== by);
  const { users } = state.powerLevels;
  const kept = Object.entries(users).filter(([userId]) => members.includes(userId));
  const { name, topic } = state;
  const latest = "value" in timeline ? timeline.value.envelopes[0]?.eventId : undefined;
  const made: NewRoom = {
    ...newRoom(policy, { name, topic, invite: members, users: Object.fromEntries(kept) }),
    // a policy that asks for no encryption takes none away
    ...(state.encryption !== null && { encryption: encryptionOf(policy) }),
    predecessor: { roomId, eventId: latest ?? null },
  };
  const what = `replace the room by a new one to policy and invite its ${members.length} other members there: who has the old one keeps it`;
  const needs = neededForState(state.powerLevels, "m.room.tombstone");
  return step(room, { kind: "replace", room: made }, { what, needs, reversible: false });
}
