import { expect, it } from "vitest";
import { brokenIdentity } from "../../../src/audit/rules/dev-003-broken-identity.ts";
import { known, unread } from "../../support/facts.ts";
import { inIdentity, ofAlice } from "./changed.ts";
import { judge, results } from "./judge.ts";

it("passes one that holds together", () => {
  expect(results(brokenIdentity)).toEqual(["pass", "pass"]);
});

it("finds one that does not", () => {
  expect(judge(brokenIdentity, inIdentity({ isConsistent: false }))[0]).toMatchObject({
    result: "fail",
    message: expect.stringContaining("has not signed their self-signing key"),
    cure: expect.stringContaining("resets their identity"),
  });
});

it("has nothing to judge where there is none", () => {
  expect(results(brokenIdentity, ofAlice({ identity: known(null) }))[0]).toBe("not-applicable");
});

it("passes nothing that could not be read", () => {
  expect(results(brokenIdentity, ofAlice({ identity: unread("429") }))[0]).toBe("not-checked");
});
