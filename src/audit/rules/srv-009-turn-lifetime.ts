import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";
import { span } from "../say.ts";

export const turnLifetime = defineRule({
  id: "SOTTO-SRV-009",
  title: "TURN credentials do not live long",
  severity: "medium",
  rationale:
    "Who has a TURN credential can relay traffic through the server as long as it lives, after the account is gone as well.",
  how: '`curl -H "Authorization: Bearer $TOKEN" "$HS/_matrix/client/v3/voip/turnServer"` (ttl, in seconds)',
  cure: "set `turn_user_lifetime: 1h` in homeserver.yaml and restart Synapse",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3voipturnserver",
    manual("turn_user_lifetime"),
  ],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ turn }) => turn,
  check(turn, { policy }) {
    if (turn === null) return [{ result: "not-applicable", message: "the homeserver names no TURN server" }];
    const livesMs = turn.ttlSec * 1_000;
    const mostMs = policy.homeserver.maxTurnLifetimeMs;
    if (livesMs <= mostMs) return [];
    return [
      {
        result: "fail",
        message: `TURN credentials live for ${span(livesMs)}, and the policy allows ${span(mostMs)}`,
      },
    ];
  },
});
