import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const presence = defineRule({
  id: "SOTTO-SRV-025",
  title: "Nobody sees who is online",
  severity: "low",
  rationale:
    "Presence tells everybody in a shared room, and their homeservers, when somebody is at their device.",
  how: "`grep -A2 '^presence:' homeserver.yaml` (absent: on)",
  cure: "set `presence: {enabled: false}` in homeserver.yaml and restart Synapse",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#presence", manual("presence")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ presence }, { policy }) {
    if (policy.homeserver.presence) return [{ result: "not-applicable", message: "the policy allows it" }];
    return presence === "off" ? [] : [{ result: "fail", message: "the homeserver shows who is online" }];
  },
});
