import { policyFor } from "../../model/policy.ts";
import { curlState } from "../how.ts";
import { defineRule } from "../rule.ts";

export const federated = defineRule({
  id: "SOTTO-ACC-023",
  title: "A room for ourselves is closed to other homeservers",
  severity: "medium",
  rationale:
    "As soon as one member of another homeserver is invited, that homeserver keeps a copy of everything that can be read.",
  how: `${curlState("m.room.create")}: "m.federate" is false`,
  cure: 'replace the room (`sotto enforce plan`) by one that is created with creation_content {"m.federate": false}: it cannot be changed later',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomcreate"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ create }, { policy }, { roomId }) {
    if (policyFor(policy, roomId).federated)
      return [{ result: "not-applicable", message: "the policy lets this room federate" }];
    if (!create.isFederated) return [];
    return [
      {
        result: "fail",
        message: "users of other homeservers can come into this room, and the policy says local only",
      },
    ];
  },
});
