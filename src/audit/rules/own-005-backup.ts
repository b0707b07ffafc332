import { defineRule } from "../rule.ts";

export const ownBackup = defineRule({
  id: "SOTTO-OWN-005",
  title: "Our account has a key backup",
  severity: "medium",
  rationale: "Without it every message that was received goes with the machine.",
  how: '`sotto recovery status`, or `curl -H "Authorization: Bearer $TOKEN" "$HS/_matrix/client/v3/room_keys/version"` (404: there is none)',
  cure: "run `sotto recovery create --out FILE`, and keep the file elsewhere",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#server-side-key-backups"],
  since: "0.1.0",
  about: "own",
  reads: (own) => ("unread" in own ? own : own.value.backup),
  check(backup, { policy }) {
    if (!policy.own.keyBackup)
      return [{ result: "not-applicable", message: "the policy does not ask for one" }];
    return backup === null ? [{ result: "fail", message: "our account has no key backup" }] : [];
  },
});
