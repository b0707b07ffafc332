import type { Fact } from "../../model/facts.ts";
import { curlKeys } from "../how.ts";
import { isOurs } from "../people.ts";
import { defineRule } from "../rule.ts";

export const notVerified = defineRule({
  id: "SOTTO-DEV-009",
  title: "Our own account has verified the user",
  severity: "medium",
  rationale:
    "Until fingerprints were compared, the identity is whatever the homeserver said it is when we first met the user.",
  how: `${curlKeys}: the key of "master_keys" has a signature by our own user-signing key, which only our own account is shown`,
  cure: "`sotto verify $USER`",
  references: ["https://spec.matrix.org/v1.19/client-server-api/#cross-signing"],
  since: "0.1.0",
  about: "user",
  reads({ identity, userId }, { facts, policy }): Fact<boolean | null> {
    if (!policy.people.verified || isOurs(facts, userId)) return { value: null };
    if ("unread" in identity) return identity;
    return identity.value === null ? { value: null } : identity.value.isVerifiedByUs;
  },
  check(isVerified, { facts, policy }, { userId }) {
    if (isVerified) return [];
    if (isVerified === null) {
      const message = !policy.people.verified
        ? "the policy does not ask for it"
        : isOurs(facts, userId)
          ? "our own account"
          : "there is no identity: SOTTO-DEV-001 says so";
      return [{ result: "not-applicable", message }];
    }
    return [
      {
        result: "fail",
        message: `our own account has not verified ${userId}`,
        cure: `\`sotto verify ${userId}\``,
      },
    ];
  },
});
