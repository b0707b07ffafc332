import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";
import { named } from "../say.ts";

export const joinRule = defineRule({
  id: "SOTTO-ACC-005",
  title: "People come in by a way that the policy knows",
  severity: "medium",
  rationale: "Another join rule than the one agreed on lets in whom nobody expects.",
  how: `${curlState("m.room.join_rules")}: "join_rule" is one of the policy's rooms.joinRules`,
  cure: 'send m.room.join_rules {"join_rule": "invite"}',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomjoin_rules"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ joinRule: { rule } }, { policy }, { roomId }) {
    if (rule === "public")
      return [{ result: "not-applicable", message: "everybody can join: SOTTO-ACC-004 judges it" }];
    const { joinRules } = policyFor(policy, roomId);
    if (joinRules.includes(rule)) return [];
    const to = joinRules.includes("invite") ? "invite" : (joinRules[0] ?? "invite");
    return [
      {
        result: "fail",
        message: `the join rule is "${rule}", and the policy knows ${named(joinRules)}`,
        cure: `send m.room.join_rules ${JSON.stringify({ join_rule: to })}`,
      },
    ];
  },
});
