import { expect, it } from "vitest";
import { noIdentity } from "../../../src/audit/rules/dev-001-no-identity.ts";
import { ALICE, device, known, unread } from "../../support/facts.ts";
import { ofAlice, people } from "./changed.ts";
import { judge, results } from "./judge.ts";

const without = ofAlice({ identity: known(null) });

it("passes those who have one", () => {
  expect(results(noIdentity)).toEqual(["pass", "pass"]);
});

it("finds who has none, and says how they get one", () => {
  expect(judge(noIdentity, without)[0]).toMatchObject({
    result: "fail",
    subject: { userId: ALICE },
    message: expect.stringContaining(ALICE),
    cure: expect.stringContaining("secure backup"),
  });
  expect(results(noIdentity, without)).toEqual(["fail", "pass"]);
});

it("asks nothing of accounts that take no part in encryption, nor where the policy does not", () => {
  const keyless = ofAlice({ identity: known(null), devices: known([device({ keys: undefined })]) });
  expect(results(noIdentity, keyless)).toEqual(["not-applicable", "pass"]);
  expect(results(noIdentity, without, people({ crossSigned: false }))).toEqual(["not-applicable", "pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(noIdentity, ofAlice({ identity: unread("server down") }))).toEqual(["not-checked", "pass"]);
});
