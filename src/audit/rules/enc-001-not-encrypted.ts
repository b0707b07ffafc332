import { policyFor } from "../../model/policy.ts";
import { defineRule } from "../rule.ts";

export const notEncrypted = defineRule({
  id: "SOTTO-ENC-001",
  title: "The room is encrypted",
  severity: "critical",
  rationale:
    "Whatever is said in a room without encryption lies readable on every homeserver that takes part.",
  how: 'curl -H "Authorization: Bearer $TOKEN" "$HS/_matrix/client/v3/rooms/$ROOM/state/m.room.encryption/" (404 M_NOT_FOUND: not encrypted)',
  cure: 'send m.room.encryption {"algorithm": "m.megolm.v1.aes-sha2", "rotation_period_ms": 604800000, "rotation_period_msgs": 100}: it cannot be undone, and what was said before stays readable',
  references: ["https://spec.matrix.org/v1.19/client-server-api/#mroomencryption"],
  since: "0.1.0",
  about: "room",
  reads: ({ state }) => state,
  check({ encryption, create }, { policy }, { roomId }) {
    if (create.type === "m.space")
      return [{ result: "not-applicable", message: "a space: nobody talks in it" }];
    if (encryption !== null) return [];
    const isRequired = policyFor(policy, roomId).encryption === "required";
    return [{ result: isRequired ? "fail" : "warn", message: "nothing in this room is encrypted" }];
  },
});
