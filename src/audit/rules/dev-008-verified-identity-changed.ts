import { curlKeys } from "../how.ts";
import { identityChange } from "../identity-change.ts";
import { defineRule } from "../rule.ts";

export const verifiedIdentityChanged = defineRule({
  id: "SOTTO-DEV-008",
  title: "No user whom we had verified has another identity now, or none",
  severity: "critical",
  rationale:
    "We had compared fingerprints with this user, and somebody has put other keys in their place: until it is explained, take it for an attack.",
  how: `${curlKeys}: compare the key of "master_keys" with the card or note of the verification`,
  cure: "say nothing confidential to the user until you have compared fingerprints anew, by another way than Matrix; then `sotto verify $USER`",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#cross-signing"],
  since: "0.1.0",
  about: "user",
  reads: (user, context) => identityChange(user, context),
  check(change, _context, { userId }) {
    if (change !== "changed-after-verification" && change !== "gone-after-verification") return [];
    const now = change === "changed-after-verification" ? "is another one" : "is gone";
    return [
      {
        result: "fail",
        message: `we had verified ${userId}, and their identity ${now} now`,
        cure: `say nothing confidential to ${userId} until you have compared fingerprints anew, by another way than Matrix; then \`sotto verify ${userId}\``,
      },
    ];
  },
});
