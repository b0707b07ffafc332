import { defineRule } from "../rule.ts";

export const ownIdentity = defineRule({
  id: "SOTTO-OWN-001",
  title: "Our account has a cross-signing identity",
  severity: "high",
  rationale:
    "Without one nobody can verify our account, clients show a shield at each of our messages, and strict ones do not show them at all.",
  how: '`sotto identity status`, or `curl -X POST -H "Authorization: Bearer $TOKEN" "$HS/_matrix/client/v3/keys/query" -d \'{"device_keys": {"\'$USER\'": []}}\'` (master_keys)',
  cure: "run `sotto identity bootstrap --recovery-key-out FILE`, and keep the file on paper or in a password manager",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#cross-signing"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : own.value.identity),
  check({ exists }) {
    return exists ? [] : [{ result: "fail", message: "our account has no cross-signing identity" }];
  },
});
