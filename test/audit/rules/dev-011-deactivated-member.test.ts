import { expect, it } from "vitest";
import { deactivatedMember } from "../../../src/audit/rules/dev-011-deactivated-member.ts";
import type { AccountFacts } from "../../../src/model/facts.ts";
import { ALICE, known, ROOM, unread } from "../../support/facts.ts";
import { ofAlice } from "./changed.ts";
import { judge, results } from "./judge.ts";

const closed: AccountFacts = {
  isDeactivated: true,
  isAdmin: false,
  userType: null,
  appservice: null,
  createdMs: 0,
};

it("passes accounts in use, and such as left when they were closed", () => {
  expect(results(deactivatedMember)).toEqual(["pass", "pass"]);
  expect(results(deactivatedMember, ofAlice({ account: known(closed), rooms: [] }))[0]).toBe("pass");
});

it("finds one that stayed, and where", () => {
  expect(judge(deactivatedMember, ofAlice({ account: known(closed) }))[0]).toMatchObject({
    result: "fail",
    message: `the account ${ALICE} is deactivated, and still a member of ${ROOM}`,
    cure: expect.stringContaining(`{"user_id":"${ALICE}"} for ROOM in ${ROOM}`),
  });
});

it("passes nothing that could not be read", () => {
  const dark = ofAlice({ account: unread("only an admin token shows it") });
  expect(results(deactivatedMember, dark)[0]).toBe("not-checked");
});
