import { any, manual } from "../known.ts";
import { defineRule } from "../rule.ts";

const TOKEN = "m.login.registration_token";
/** Stages that everybody passes. */
const UNASKED = new Set(["m.login.dummy", "m.login.terms"]);

export const openRegistration = defineRule({
  id: "SOTTO-SRV-002",
  title: "Nobody can make an account unasked",
  severity: "high",
  rationale:
    "Whoever has an account can look for people, invite them, join what is open, and use up the server.",
  how: "`curl -X POST -d '{}' \"$HS/_matrix/client/v3/register\"` (401 lists the flows, 403 M_FORBIDDEN: closed; no account is made)",
  cure: "set `enable_registration: false` in homeserver.yaml and restart Synapse, or keep it with `registration_requires_token: true`",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3register",
    manual("enable_registration"),
  ],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ outside, config }) => any(outside.registrationFlows, config),
  check([flows, config], { policy }) {
    if (policy.homeserver.openRegistration)
      return [{ result: "not-applicable", message: "the policy allows it" }];
    const easy = flows?.find((stages) => stages.every((stage) => UNASKED.has(stage)));
    if (easy) return [{ result: "fail", message: "anybody can make an account, and nothing is asked" }];
    if (flows?.some((stages) => !stages.includes(TOKEN)))
      return [
        {
          result: "fail",
          severity: "medium",
          message: `anybody can make an account who passes ${flows[0]!.join(", ")}`,
        },
      ];
    if (config?.isRegistrationOpen && !config.isRegistrationVerified)
      return [
        {
          result: "fail",
          message: "homeserver.yaml lets anybody make an account, although it is not seen from here",
        },
      ];
    return [];
  },
});
