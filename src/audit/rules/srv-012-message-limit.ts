import { any, manual } from "../known.ts";
import { defineRule } from "../rule.ts";

/** Synapse's own: `rc_message`. */
const DEFAULT_PER_SECOND = 0.2;
/** No switchboard brings more for long. */
const ENOUGH_PER_SECOND = 5;

export const messageLimit = defineRule({
  id: "SOTTO-SRV-012",
  title: "The homeserver does not hold our messages back",
  severity: "info",
  rationale:
    "Synapse lets an account send a message every five seconds after the first ten: what comes in faster waits, a call's recording among it.",
  how: '`curl -H "Authorization: Bearer $ADMIN_TOKEN" "$HS/_synapse/admin/v1/users/$USER/override_ratelimit"` ({}: the defaults hold)',
  cure: 'let an admin call POST /_synapse/admin/v1/users/$USER/override_ratelimit with {"messages_per_second": 0, "burst_count": 0}, which lifts the limit for this account',
  references: [
    "https://element-hq.github.io/synapse/latest/admin_api/user_admin_api.html#override-ratelimiting-for-users",
    manual("rc_message"),
  ],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ messageRateLimit, config }) => any(messageRateLimit, config),
  check([own, config], _context, { messageRateLimit }) {
    const lifted = own && own.messagesPerSecond === 0;
    const perSecond = own ? own.messagesPerSecond : config?.messageRateLimit.perSecond;
    if (lifted || (perSecond ?? 0) >= ENOUGH_PER_SECOND) return [];
    if (own === undefined && config)
      return [
        {
          result: "not-checked",
          message: `homeserver.yaml allows ${perSecond} messages a second; whether our account is exempt only an admin token can tell`,
          ...("notAsked" in messageRateLimit && { notAsked: true }),
        },
      ];
    return [
      {
        result: "warn",
        message: `after a burst our account may send ${perSecond ?? DEFAULT_PER_SECOND} messages a second`,
      },
    ];
  },
});
