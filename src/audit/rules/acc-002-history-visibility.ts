import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";

const NARROWEST_FIRST = ["joined", "invited", "shared", "world_readable"];
const WHO = new Map([
  ["invited", "whoever was invited can read what was said before they joined"],
  ["shared", "whoever joins later can read everything that was said before"],
]);

export const historyVisibility = defineRule({
  id: "SOTTO-ACC-002",
  title: "Later members see no more of the past than the policy says",
  severity: "medium",
  rationale:
    "Clients hand the keys of a shared history on to those who are invited later: one wrong invitation opens the past.",
  how: `${curlState("m.room.history_visibility")}: "shared" where there is none`,
  cure: 'send m.room.history_visibility {"history_visibility": "joined"}: what was sent before stays as visible as it was',
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#mroomhistory_visibility",
    "https://github.com/matrix-org/matrix-spec-proposals/pull/4268",
  ],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ historyVisibility }, { policy }, { roomId }) {
    if (historyVisibility === "world_readable")
      return [{ result: "not-applicable", message: "open to the world: SOTTO-ACC-001 says so" }];
    const allowed = policyFor(policy, roomId).historyVisibility;
    const at = NARROWEST_FIRST.indexOf(historyVisibility);
    if (at >= 0 && at <= NARROWEST_FIRST.indexOf(allowed)) return [];
    return [
      {
        result: "fail",
        message: `${WHO.get(historyVisibility) ?? `the history is visible by "${historyVisibility}", which the spec does not know`}, and the policy allows no more than ${allowed}`,
        cure: `send m.room.history_visibility ${JSON.stringify({ history_visibility: allowed })}: what was sent before stays as visible as it was`,
      },
    ];
  },
});
