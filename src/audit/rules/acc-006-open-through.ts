import { policyFor } from "../../model/policy.ts";
import { isThroughRooms, waysThrough } from "../doors.ts";
import { curlState } from "../how.ts";
import { defineRule, type Verdict } from "../rule.ts";
import { named } from "../say.ts";

export const openThrough = defineRule({
  id: "SOTTO-ACC-006",
  title: "No public room leads into this one",
  severity: "high",
  rationale:
    "Members of a listed room or space may join without an invitation: if anybody can join that one, anybody can join this one.",
  how: `${curlState("m.room.join_rules")}: for each room_id of "allow", the same question of that room`,
  cure: 'send m.room.join_rules {"join_rule": "invite"}',
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#restricted-rooms",
    "https://spec.matrix.org/v1.19/client-server-api/#mroomjoin_rules",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ joinRule }, { facts, policy }, { roomId }): Verdict[] {
    if (!isThroughRooms(joinRule))
      return [{ result: "not-applicable", message: "nobody joins through another room" }];
    if (policyFor(policy, roomId).joinRules.includes("public"))
      return [{ result: "not-applicable", message: "the policy lets everybody join" }];
    const { open, unknown } = waysThrough(joinRule, facts.rooms);
    if (open.length > 0) {
      const allow = joinRule.allowedRooms
        .filter((allowed) => !open.includes(allowed))
        .map((room_id) => ({ type: "m.room_membership", room_id }));
      const content =
        allow.length > 0 &&
        waysThrough({ ...joinRule, allowedRooms: allow.map(({ room_id }) => room_id) }, facts.rooms).open
          .length === 0
          ? { join_rule: joinRule.rule, allow }
          : { join_rule: "invite" };
      return [
        {
          result: "fail",
          message: `anybody can join through ${named(open)}, which is public`,
          cure: `send m.room.join_rules ${JSON.stringify(content)}, or close ${named(open)}`,
        },
      ];
    }
    if (unknown.length === 0) return [];
    return [
      {
        result: "not-checked",
        message: `one joins through ${named(unknown)}, of which this audit read nothing`,
        ...(unknown.every((other) => facts.rooms.every((room) => room.roomId !== other)) && {
          notAsked: true as const,
        }),
      },
    ];
  },
});
