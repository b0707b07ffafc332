import { expect, it } from "vitest";
import { guardWithoutIdentity } from "../../../src/audit/rules/dev-015-guard-without-identity.ts";
import { ALICE, BOT, known, ROOM, room, unread, user } from "../../support/facts.ts";
import { ofAlice } from "./changed.ts";
import { judge, results } from "./judge.ts";

const without = ofAlice({ identity: known(null) });

it("passes guards with an identity", () => {
  expect(results(guardWithoutIdentity)).toEqual(["pass", "pass"]);
});

it("finds one without, and names the rooms", () => {
  expect(judge(guardWithoutIdentity, without)[0]).toMatchObject({
    result: "fail",
    severity: "high",
    subject: { userId: ALICE },
    message: `${ALICE} can weaken ${ROOM} and has no cross-signing identity`,
    cure: expect.stringContaining("lower their power level"),
  });
});

it("has nothing to judge of those who guard nothing", () => {
  const users = [user(BOT, { identity: known(null) })];
  expect(results(guardWithoutIdentity, { users })).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read, of the user or of a room", () => {
  expect(results(guardWithoutIdentity, ofAlice({ identity: unread("429") }))[0]).toBe("not-checked");
  const dark = { ...without, rooms: [room({ state: unread("403") })] };
  expect(results(guardWithoutIdentity, dark)[0]).toBe("not-checked");
});
