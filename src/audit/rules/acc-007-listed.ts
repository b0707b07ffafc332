import { policyFor } from "../../model/policy.ts";
import { defineRule } from "../rule.ts";

export const listed = defineRule({
  id: "SOTTO-ACC-007",
  title: "The room is not in the public directory",
  severity: "medium",
  rationale:
    "The directory shows the room's name, topic and number of members, and leads strangers to its door.",
  how: 'curl "$HS/_matrix/client/v3/directory/list/room/$ROOM": "visibility" is "private"',
  cure: 'PUT /_matrix/client/v3/directory/list/room/$ROOM {"visibility": "private"}',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3directorylistroomroomid"],
  since: "0.1.0",
  about: "room",
  reads: ({ isListed }) => isListed,
  check(isListed, { policy }, { roomId }) {
    if (!isListed || policyFor(policy, roomId).listed) return [];
    return [{ result: "fail", message: "the homeserver's public directory shows this room" }];
  },
});
