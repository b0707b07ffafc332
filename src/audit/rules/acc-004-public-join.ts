import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";

export const publicJoin = defineRule({
  id: "SOTTO-ACC-004",
  title: "Not everybody can walk in",
  severity: "high",
  rationale:
    "Whoever joins gets the keys of what is said from then on: in a room that anybody may join, encryption protects from nobody.",
  how: `${curlState("m.room.join_rules")}: "join_rule" is not "public"`,
  cure: 'send m.room.join_rules {"join_rule": "invite"}, then look through the members: who is in stays in',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomjoin_rules"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ joinRule, create }, { policy }, { roomId }) {
    if (joinRule.rule !== "public" || policyFor(policy, roomId).joinRules.includes("public")) return [];
    if (create.type === "m.space")
      return [
        {
          result: "fail",
          severity: "medium",
          message: "anybody can join this space, and sees what is in it",
        },
      ];
    return [{ result: "fail", message: "anybody can join this room, and gets the keys from then on" }];
  },
});
