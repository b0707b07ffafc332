import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const mediaRetention = defineRule({
  id: "SOTTO-SRV-005",
  title: "Recordings are deleted some day",
  severity: "low",
  rationale:
    "Deleting a message does not delete the recording that it points to: the ciphertext stays until media have a lifetime of their own.",
  how: "`grep -A3 '^media_retention:' homeserver.yaml` (absent: media are kept for ever)",
  cure: "set `media_retention: {local_media_lifetime: 1y, remote_media_lifetime: 90d}` in homeserver.yaml, no shorter than messages live, and restart Synapse: older media are then deleted, and do not come back",
  references: [manual("media_retention")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ mediaRetention: { localLifetimeMs } }, { policy }) {
    if (!policy.homeserver.retention)
      return [{ result: "not-applicable", message: "the policy does not ask for it" }];
    return localLifetimeMs === null
      ? [{ result: "fail", message: "the homeserver keeps uploaded recordings for ever" }]
      : [];
  },
});
