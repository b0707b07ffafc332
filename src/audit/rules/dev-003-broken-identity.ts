import { curlKeys } from "../how.ts";
import { defineRule } from "../rule.ts";

export const brokenIdentity = defineRule({
  id: "SOTTO-DEV-003",
  title: "The user's identity holds together",
  severity: "high",
  rationale:
    "Where the master key has not signed the self-signing key, the signatures on devices prove nothing: somebody else may have put that key there.",
  how: `${curlKeys}: the key of "self_signing_keys" has a signature by that of "master_keys"`,
  cure: "the user resets their identity in the client's security settings and is verified anew; if they did nothing, ask the homeserver's administrator who did",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#key-and-signature-security"],
  since: "0.1.0",
  about: "user",
  reads: ({ identity }) => identity,
  check(identity, _context, { userId }) {
    if (identity === null)
      return [{ result: "not-applicable", message: "there is none: SOTTO-DEV-001 says so" }];
    if (identity.isConsistent) return [];
    return [
      {
        result: "fail",
        message: `the master key of ${userId} has not signed their self-signing key: no signature on their devices proves anything`,
      },
    ];
  },
});
