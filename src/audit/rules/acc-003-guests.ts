import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";

export const guests = defineRule({
  id: "SOTTO-ACC-003",
  title: "Guests stay outside",
  severity: "medium",
  rationale: "A guest has no account: nobody knows who it is, and nobody can verify it.",
  how: `${curlState("m.room.guest_access")}: "forbidden", or 404`,
  cure: 'send m.room.guest_access {"guest_access": "forbidden"}: the homeserver removes the guests that are there',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomguest_access"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ guestAccess }, { policy }, { roomId }) {
    if (guestAccess === "forbidden" || policyFor(policy, roomId).guests) return [];
    if (guestAccess === "can_join")
      return [{ result: "fail", message: "guests, who have no account, may come into this room" }];
    return [
      {
        result: "warn",
        message: `guest access is "${guestAccess}", which the spec does not know: some homeserver may let guests in`,
      },
    ];
  },
});
