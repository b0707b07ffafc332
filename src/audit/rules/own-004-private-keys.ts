import { defineRule } from "../rule.ts";

export const ownPrivateKeys = defineRule({
  id: "SOTTO-OWN-004",
  title: "The identity's private keys are here",
  severity: "low",
  rationale: "Without them Sotto can verify nobody and sign no new device of its own.",
  how: "`sotto identity status`",
  cure: "run `sotto recovery restore --recovery-key-file FILE`",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#cross-signing"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : own.value.identity),
  check({ exists, arePrivateKeysHere }) {
    if (!exists) return [{ result: "not-applicable", message: "the account has no cross-signing identity" }];
    return arePrivateKeysHere
      ? []
      : [{ result: "warn", message: "the identity's private keys are not in Sotto's store" }];
  },
});
