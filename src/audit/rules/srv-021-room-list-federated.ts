import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const roomListFederated = defineRule({
  id: "SOTTO-SRV-021",
  title: "Other homeservers cannot read the list of public rooms",
  severity: "low",
  rationale: "Names, topics and sizes of listed rooms are there for every homeserver to collect.",
  how: "`grep allow_public_rooms_over_federation homeserver.yaml` (absent: false)",
  cure: "set `allow_public_rooms_over_federation: false` in homeserver.yaml and restart Synapse",
  references: [
    "https://spec.matrix.org/v1.19/server-server-api/#published-room-directory",
    manual("allow_public_rooms_over_federation"),
  ],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ isPublicRoomListFederated }) {
    return isPublicRoomListFederated
      ? [{ result: "warn", message: "other homeservers can read the list of public rooms" }]
      : [];
  },
});
