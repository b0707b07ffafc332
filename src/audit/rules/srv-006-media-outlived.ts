import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";
import { span } from "../say.ts";

export const mediaOutlived = defineRule({
  id: "SOTTO-SRV-006",
  title: "Recordings live as long as the messages that name them",
  severity: "medium",
  rationale:
    "Synapse cannot see that an encrypted message names a recording, and deletes what nobody has fetched for so long: the message stays and plays no more.",
  how: "`grep -E -A4 '^(media_)?retention:' homeserver.yaml` (media live as long as messages, or longer)",
  cure: "set `media_retention.local_media_lifetime` to `retention.default_policy.max_lifetime` or more in homeserver.yaml and restart Synapse; what is deleted does not come back",
  references: [manual("media_retention"), manual("retention")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ mediaRetention: { localLifetimeMs }, retention }) {
    if (localLifetimeMs === null) return [{ result: "not-applicable", message: "media are kept for ever" }];
    const messagesMs = retention.isEnabled ? retention.maxLifetimeMs : null;
    if (messagesMs !== null && localLifetimeMs >= messagesMs) return [];
    const those =
      messagesMs === null ? "messages are kept for ever" : `messages are kept for ${span(messagesMs)}`;
    return [
      {
        result: "warn",
        message: `recordings that nobody plays are deleted after ${span(localLifetimeMs)}, and ${those}`,
      },
    ];
  },
});
