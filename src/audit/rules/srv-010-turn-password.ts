import { any, manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const turnPassword = defineRule({
  id: "SOTTO-SRV-010",
  title: "TURN credentials are made for each user",
  severity: "medium",
  rationale:
    "One password for all never ends: whoever was given it once can use the TURN server for ever, and nobody can tell who does.",
  how: '`curl -H "Authorization: Bearer $TOKEN" "$HS/_matrix/client/v3/voip/turnServer"` (a username such as 1767225600:@you:example.org is made for you)',
  cure: "set `turn_shared_secret` in homeserver.yaml to coturn's `static-auth-secret`, take out `turn_username` and `turn_password`, and restart Synapse",
  references: [manual("turn_shared_secret"), "https://element-hq.github.io/synapse/latest/turn-howto.html"],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ turn, config }) => any(turn, config),
  check([turn, config]) {
    if (turn && !turn.isTimeLimited)
      return [{ result: "fail", message: "everybody is given the same TURN password, which never ends" }];
    if (config?.turn.hasStaticPassword)
      return config.turn.hasSharedSecret
        ? [
            {
              result: "warn",
              severity: "info",
              message:
                "homeserver.yaml still holds a TURN password, which is not used beside the shared secret",
            },
          ]
        : [{ result: "fail", message: "homeserver.yaml has one TURN password for everybody" }];
    if (turn === null) return [{ result: "not-applicable", message: "the homeserver names no TURN server" }];
    return [];
  },
});
