import { expect, it } from "vitest";
import { notVerified } from "../../../src/audit/rules/dev-009-not-verified.ts";
import { ALICE, known, unread } from "../../support/facts.ts";
import { inIdentity, ofAlice, people } from "./changed.ts";
import { judge, results } from "./judge.ts";

const strict = people({ verified: true });
const stranger = inIdentity({ isVerifiedByUs: known(false) });

it("passes who is verified, and asks it not of ourselves", () => {
  expect(results(notVerified, {}, strict)).toEqual(["pass", "not-applicable"]);
});

it("finds who is not, and names the command", () => {
  expect(judge(notVerified, stranger, strict)[0]).toMatchObject({
    result: "fail",
    message: `our own account has not verified ${ALICE}`,
    cure: `\`sotto verify ${ALICE}\``,
  });
});

it("has nothing to judge where the policy does not ask, or there is no identity", () => {
  expect(results(notVerified, stranger)).toEqual(["not-applicable", "not-applicable"]);
  expect(results(notVerified, ofAlice({ identity: known(null) }), strict)[0]).toBe("not-applicable");
});

it("passes nothing that could not be read", () => {
  const dark = inIdentity({ isVerifiedByUs: unread("our own identity is not known") });
  expect(results(notVerified, dark, strict)[0]).toBe("not-checked");
});
