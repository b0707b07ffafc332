import { expect, it } from "vitest";
import { verifiedIdentityChanged } from "../../../src/audit/rules/dev-008-verified-identity-changed.ts";
import { ALICE, facts, known, unread } from "../../support/facts.ts";
import { inIdentity, ofAlice } from "./changed.ts";
import { judge, results } from "./judge.ts";

it("passes an identity that is as it was", () => {
  expect(results(verifiedIdentityChanged)).toEqual(["pass", "pass"]);
});

it("finds one that is not, as badly as can be", () => {
  const change = inIdentity({ change: known("changed-after-verification"), isVerifiedByUs: known(false) });
  expect(judge(verifiedIdentityChanged, change)[0]).toMatchObject({
    result: "fail",
    severity: "critical",
    message: `we had verified ${ALICE}, and their identity is another one now`,
    cure: expect.stringContaining(`sotto verify ${ALICE}`),
  });
});

it("finds it by the last audit, too", () => {
  const change = inIdentity({ masterKey: "another", isVerifiedByUs: known(false) });
  expect(results(verifiedIdentityChanged, change, { previous: facts() })[0]).toBe("fail");
});

it("leaves one that we never verified to the rule for that", () => {
  expect(results(verifiedIdentityChanged, inIdentity({ change: known("changed") }))[0]).toBe("pass");
});

it("passes nothing that could not be read", () => {
  expect(results(verifiedIdentityChanged, inIdentity({ change: unread("no store") }))[0]).toBe("not-checked");
});

it("finds one that is hidden as well, by our own store or by the last audit", () => {
  const gone = { result: "fail", severity: "critical", message: expect.stringContaining("is gone now") };
  expect(
    judge(verifiedIdentityChanged, ofAlice({ identity: known(null), lost: "verified" }))[0],
  ).toMatchObject(gone);
  const now = ofAlice({ identity: known(null) });
  expect(judge(verifiedIdentityChanged, now, { previous: facts() })[0]).toMatchObject(gone);
  expect(judge(verifiedIdentityChanged, ofAlice({ identity: known(null), lost: "known" }))[0]?.result).toBe(
    "pass",
  );
});
