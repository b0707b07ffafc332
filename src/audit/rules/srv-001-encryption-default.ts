import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const encryptionDefault = defineRule({
  id: "SOTTO-SRV-001",
  title: "New rooms are encrypted",
  severity: "medium",
  rationale:
    "A room that somebody makes in a hurry is clear unless the homeserver turns encryption on by itself.",
  how: "`grep encryption_enabled_by_default_for_room_type homeserver.yaml` (absent: off)",
  cure: "set `encryption_enabled_by_default_for_room_type: all` in homeserver.yaml and restart Synapse; rooms that exist stay as they are, and no room can go back",
  references: [manual("encryption_enabled_by_default_for_room_type")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ encryptionByDefault }, { policy }) {
    if (!policy.homeserver.encryptionByDefault)
      return [{ result: "not-applicable", message: "the policy leaves it open" }];
    if (encryptionByDefault === "all") return [];
    if (encryptionByDefault === "invite")
      return [
        { result: "warn", severity: "low", message: "rooms that are made public begin without encryption" },
      ];
    return [{ result: "fail", message: "new rooms begin without encryption" }];
  },
});
