import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const messageRetention = defineRule({
  id: "SOTTO-SRV-004",
  title: "Messages are deleted some day",
  severity: "low",
  rationale:
    "What the server still has can still be taken from it: with who wrote to whom and when, and one day perhaps with the keys.",
  how: "`grep -A8 '^retention:' homeserver.yaml` (absent: messages are kept for ever)",
  cure: "set `retention: {enabled: true, default_policy: {max_lifetime: 1y}}` in homeserver.yaml and restart Synapse: older messages are then deleted, and do not come back",
  references: [manual("retention"), "https://github.com/matrix-org/matrix-spec-proposals/pull/1763"],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ retention: { isEnabled, maxLifetimeMs } }, { policy }) {
    if (!policy.homeserver.retention)
      return [{ result: "not-applicable", message: "the policy does not ask for it" }];
    if (!isEnabled) return [{ result: "fail", message: "the homeserver keeps messages for ever" }];
    if (maxLifetimeMs !== null) return [];
    return [
      {
        result: "fail",
        message:
          "rooms without m.room.retention keep their messages for ever: the default policy has no max_lifetime",
      },
    ];
  },
});
