import { defineRule } from "../rule.ts";

export const ownIdentityChanged = defineRule({
  id: "SOTTO-OWN-002",
  title: "The homeserver shows the identity that we made",
  severity: "critical",
  rationale:
    "An identity that took the place of ours can sign devices in our name: its owner did that, or the homeserver.",
  how: "`sotto identity status`",
  cure: "if you have reset it, run `sotto identity bootstrap --recovery-key-file FILE`; if nobody has, do not trust this homeserver: the devices that it shows as ours may be its own",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#cross-signing"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : own.value.identity),
  check({ exists, hasChanged }) {
    if (!exists) return [{ result: "not-applicable", message: "the account has no cross-signing identity" }];
    return hasChanged
      ? [{ result: "fail", message: "the homeserver shows another identity of our account than we knew" }]
      : [];
  },
});
