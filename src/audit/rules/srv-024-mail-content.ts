import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const mailContent = defineRule({
  id: "SOTTO-SRV-024",
  title: "No message leaves by mail",
  severity: "low",
  rationale:
    "Notifications by mail tell mail servers who wrote in which room, and hold what was said in rooms without encryption.",
  how: "`grep -A12 '^email:' homeserver.yaml | grep enable_notifs` (absent: false)",
  cure: "set `enable_notifs: false` under `email` in homeserver.yaml and restart Synapse",
  references: [manual("email")],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ emailHasContent }) {
    return emailHasContent
      ? [{ result: "warn", message: "the homeserver sends missed messages by mail" }]
      : [];
  },
});
