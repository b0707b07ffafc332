import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";

export const worldReadable = defineRule({
  id: "SOTTO-ACC-001",
  title: "The room's history is not open to the world",
  severity: "high",
  rationale:
    "Whoever knows the room's address can read who wrote when to whom, and all that is not encrypted, without ever being a member.",
  how: `${curlState("m.room.history_visibility")}: not "world_readable"`,
  cure: 'send m.room.history_visibility {"history_visibility": "joined"}: what was sent before stays as visible as it was',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomhistory_visibility"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ historyVisibility, encryption, create }, { policy }, { roomId }) {
    const allowed = policyFor(policy, roomId).historyVisibility;
    if (historyVisibility !== "world_readable" || allowed === "world_readable") return [];
    return [
      {
        result: "fail",
        severity: create.type === "m.space" ? "medium" : encryption === null ? "critical" : "high",
        message: "anybody in the world can read the history of this room without being in it",
        cure: `send m.room.history_visibility ${JSON.stringify({ history_visibility: allowed })}: what was sent before stays as visible as it was`,
      },
    ];
  },
});
