import { expect, it } from "vitest";
import { identityChanged } from "../../../src/audit/rules/dev-007-identity-changed.ts";
import { ALICE, facts, known, unread } from "../../support/facts.ts";
import { inIdentity, ofAlice } from "./changed.ts";
import { judge, results } from "./judge.ts";

it("passes an identity that is as it was", () => {
  expect(results(identityChanged)).toEqual(["pass", "pass"]);
});

it("finds one that our store had known otherwise, and says how to make sure", () => {
  expect(judge(identityChanged, inIdentity({ change: known("changed") }))[0]).toMatchObject({
    result: "warn",
    message: expect.stringContaining(`${ALICE} has another identity`),
    cure: expect.stringContaining(`sotto trust accept ${ALICE}`),
  });
});

it("finds one that has gone since the last audit", () => {
  const now = ofAlice({ identity: known(null) });
  const last = inIdentity({ isVerifiedByUs: known(false) });
  expect(judge(identityChanged, now, { previous: facts(last) })[0]?.message).toContain("has none now");
  expect(judge(identityChanged, ofAlice({ identity: known(null), lost: "known" }))[0]).toMatchObject({
    result: "warn",
    cure: expect.stringContaining("reset it"),
  });
});

it("leaves one that we had verified to the rule for that", () => {
  const change = inIdentity({ change: known("changed-after-verification") });
  expect(results(identityChanged, change)).toEqual(["pass", "pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(identityChanged, inIdentity({ change: unread("no store") }))[0]).toBe("not-checked");
});
