import { curlKeys } from "../how.ts";
import { readKeys } from "../people.ts";
import { defineRule } from "../rule.ts";

export const noIdentity = defineRule({
  id: "SOTTO-DEV-001",
  title: "The user has a cross-signing identity",
  severity: "high",
  rationale:
    "Without one nobody can tell the user's devices from one that the homeserver has slipped in, and strict clients withhold their keys.",
  how: `${curlKeys}: "master_keys" has the user`,
  cure: "the user sets up secure backup in the client's security settings, which makes the identity (for our own account: `sotto identity bootstrap`)",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#cross-signing",
    "https://github.com/matrix-org/matrix-spec-proposals/pull/4153",
  ],
  since: "0.1.0",
  about: "user",
  reads: readKeys,
  check([identity, devices], { policy }, { userId }) {
    if (identity !== null) return [];
    if (!policy.people.crossSigned)
      return [{ result: "not-applicable", message: "the policy asks for no identity" }];
    if (devices.every(({ keys }) => keys === undefined))
      return [{ result: "not-applicable", message: "no device of the user takes part in encryption" }];
    return [
      {
        result: "fail",
        message: `${userId} has no cross-signing identity: nobody can vouch for their devices`,
      },
    ];
  },
});
