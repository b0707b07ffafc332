import { faultOf } from "../accepted.ts";
import { defineRule, type Verdict } from "../rule.ts";

export const waivers = defineRule({
  id: "SOTTO-OWN-030",
  title: "Every waiver has an owner, a reason and a day on which it ends",
  severity: "low",
  rationale:
    "A waiver without an owner or an end is a finding that was forgotten. Such a one covers nothing, so its finding fails again.",
  how: "`cat waivers.yaml`: owner, reason and expires of each, and whether the day has come",
  cure: "cure what was waived and take the waiver out; or let its owner sign again, with a new `expires`",
  references: ["https://csrc.nist.gov/pubs/sp/800/37/r2/final"],
  since: "0.1.0",
  about: "own",
  reads: (_own, context) => ({ value: context.waivers ?? [] }),
  check(waivers, { facts }): Verdict[] {
    if (waivers.length === 0) return [{ result: "not-applicable", message: "there are no waivers" }];
    return waivers.flatMap((waiver): Verdict[] => {
      const fault = faultOf(waiver, facts.collectedMs);
      const covers = waiver.fingerprint ?? waiver.ruleId;
      if (fault === undefined) return [];
      return [
        {
          result: "fail",
          message: `the waiver of ${covers} at ${waiver.where} covers nothing: ${fault}`,
          ...(waiver.subject && { subject: waiver.subject }),
        },
      ];
    });
  },
});
