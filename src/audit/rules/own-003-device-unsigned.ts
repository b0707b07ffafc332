import { defineRule } from "../rule.ts";

export const ownDeviceUnsigned = defineRule({
  id: "SOTTO-OWN-003",
  title: "Our identity has signed this device",
  severity: "high",
  rationale:
    "To others an unsigned device may be one that the homeserver has added: they show a red shield, and strict clients hide what it sends.",
  how: "`sotto identity status`",
  cure: "run `sotto identity bootstrap --recovery-key-file FILE`",
  references: [
    "https://spec.matrix.org/v1.19/client-server-api/#cross-signing",
    "https://github.com/matrix-org/matrix-spec-proposals/pull/4153",
  ],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : own.value.identity),
  check({ exists, isDeviceSigned }) {
    if (!exists) return [{ result: "not-applicable", message: "the account has no cross-signing identity" }];
    return isDeviceSigned
      ? []
      : [{ result: "fail", message: "our identity has not signed the device that Sotto uses" }];
  },
});
