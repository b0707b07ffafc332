import { manual } from "../known.ts";
import { defineRule } from "../rule.ts";

export const pushContent = defineRule({
  id: "SOTTO-SRV-023",
  title: "Push gateways get no content",
  severity: "low",
  rationale:
    "Each notification passes through Google, Apple or another gateway: with the event's content, which is ciphertext of encrypted rooms and the words of the others.",
  how: "`grep -A3 '^push:' homeserver.yaml` (absent: content is included)",
  cure: "set `push: {include_content: false}` in homeserver.yaml and restart Synapse",
  references: [manual("push"), "https://spec.matrix.org/v1.19/push-gateway-api/"],
  since: "0.1.0",
  about: "homeserver",
  reads: ({ config }) => config,
  check({ pushHasContent }) {
    return pushHasContent ? [{ result: "warn", message: "push gateways get the content of events" }] : [];
  },
});
