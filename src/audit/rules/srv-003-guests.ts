import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const guestAccounts = defineRule({
  id: "SOTTO-SRV-003",
  title: "Nobody comes in as a guest",
  severity: "medium",
  rationale:
    "A guest has a device and no account: nobody knows who it is, and it can join every room that lets guests in.",
  how: "`grep allow_guest_access homeserver.yaml` (absent: false), or `curl -X POST -d '{}' \"$HS/_matrix/client/v3/register?kind=guest\"`, which makes a guest where they are allowed",
  cure: "set `allow_guest_access: false` in homeserver.yaml and restart Synapse",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#guest-access", manual("allow_guest_access")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ areGuestsAllowed }, { policy }) {
    if (policy.rooms.guests)
      return [{ result: "not-applicable", message: "the policy allows guests in rooms" }];
    return areGuestsAllowed ? [{ result: "fail", message: "anybody can come in as a guest" }] : [];
  },
});
