import { curlKeys } from "../how.ts";
import { identityChange } from "../identity-change.ts";
import { defineRule } from "../rule.ts";

export const identityChanged = defineRule({
  id: "SOTTO-DEV-007",
  title: "The user's identity is the one that was known",
  severity: "medium",
  rationale:
    "A new identity is a lost phone, or somebody in between: from outside both look the same, and only the user can say which.",
  how: `${curlKeys}: compare the key of "master_keys" with the one that \`sotto audit --save-facts\` kept, or see whether \`sotto devices $USER\` says CHANGED`,
  cure: "compare fingerprints with the user by another way than Matrix, then `sotto trust accept $USER`",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#cross-signing"],
  since: "0.1.0",
  about: "user",
  reads: (user, context) => identityChange(user, context),
  check(change, _context, { userId }) {
    if (change !== "changed" && change !== "gone") return [];
    if (change === "gone") {
      const cure = `ask ${userId}, by another way than Matrix, whether they reset it; if not, ask the administrator of their homeserver`;
      return [{ result: "warn", message: `${userId} had an identity, and has none now`, cure }];
    }
    const message = `${userId} has another identity than the one that was known`;
    const cure = `compare fingerprints with ${userId} by another way than Matrix, then \`sotto trust accept ${userId}\``;
    return [{ result: "warn", message, cure }];
  },
});
