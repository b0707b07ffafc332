import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";
import { span } from "../say.ts";

/** Synapse's own default. */
const MOST_MS = 28 * 86_400_000;

export const addresses = defineRule({
  id: "SOTTO-SRV-030",
  title: "Addresses of users are forgotten",
  severity: "low",
  rationale: "The database holds from which IP address each user came: where they were.",
  how: "`grep user_ips_max_age homeserver.yaml` (absent: 28d)",
  cure: "set `user_ips_max_age: 7d` in homeserver.yaml and restart Synapse",
  references: [manual("user_ips_max_age")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ userIpsMaxAgeMs }) {
    if (userIpsMaxAgeMs !== null && userIpsMaxAgeMs <= MOST_MS) return [];
    const long = userIpsMaxAgeMs === null ? "for ever" : `for ${span(userIpsMaxAgeMs)}`;
    return [{ result: "warn", message: `the homeserver keeps the IP addresses of users ${long}` }];
  },
});
