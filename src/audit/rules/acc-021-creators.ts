import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { isOurs } from "../people.ts";
import { joined } from "../powers.ts";
import { defineRule } from "../rule.ts";
import { named } from "../say.ts";

export const creators = defineRule({
  id: "SOTTO-ACC-021",
  title: "No creator stands above the room's levels but our own account",
  severity: "medium",
  rationale:
    "From room version 12 on, creators stand above every power level, and nobody can demote them: a stolen account of theirs is stolen for good.",
  how: `${curlState("m.room.create")}?format=event: from "room_version" 12 on, "sender" and content.additional_creators`,
  cure: "replace the room (`sotto enforce plan`) by one that our own account creates: a creator cannot be demoted",
  references: [
    "https://spec.matrix.org/v1.19/rooms/v12/",
    "https://github.com/matrix-org/matrix-spec-proposals/pull/4289",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check(state, { facts, policy }, { roomId }) {
    const { privilegedCreators, version } = state.create;
    if (privilegedCreators.length === 0)
      return [
        { result: "not-applicable", message: `room version ${version} puts no creator above the levels` },
      ];
    const others = privilegedCreators.filter((userId) => !isOurs(facts, userId));
    if (others.length === 0) return [];
    const here = joined(state);
    const gone = others.filter((userId) => !here.includes(userId));
    const { maxGuards } = policyFor(policy, roomId);
    const isMuch = privilegedCreators.length > maxGuards;
    return [
      {
        result: isMuch || gone.length > 0 ? "fail" : "warn",
        ...(!isMuch && gone.length === 0 && { severity: "low" as const }),
        message: [
          `${named(others)} made this room and cannot be demoted by anybody`,
          ...(gone.length > 0 ? [`${named(gone)} is not in it any more and keeps the right`] : []),
          ...(isMuch ? [`the policy allows ${maxGuards} who can weaken a room`] : []),
        ].join("; "),
      },
    ];
  },
});
