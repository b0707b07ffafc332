import { any, manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const profiles = defineRule({
  id: "SOTTO-SRV-022",
  title: "Only users can look up a profile",
  severity: "low",
  rationale:
    "Anybody can find out which accounts there are, with their names and pictures, by asking for one after the other.",
  how: '`curl -i "$HS/_matrix/client/v3/profile/$USER"` (401: an account is asked for)',
  cure: "set `require_auth_for_profile_requests: true` in homeserver.yaml and restart Synapse",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3profileuserid",
    manual("require_auth_for_profile_requests"),
  ],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ outside, config }) => any(outside.areProfilesPublic, config),
  check([arePublic, config]) {
    if (arePublic || config?.areProfilesGuarded === false)
      return [{ result: "warn", message: "anybody can look up who has an account, without one" }];
    return [];
  },
});
