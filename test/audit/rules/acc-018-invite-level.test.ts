import { expect, it } from "vitest";
import { inviteLevel } from "../../../src/audit/rules/acc-018-invite-level.ts";
import { inLevels, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const strict = policy({ inviteLevel: 50 });

it("passes the policy's level, or more", () => {
  expect(results(inviteLevel, inLevels({ invite: 0 }))).toEqual(["pass"]);
  expect(results(inviteLevel, inLevels({ invite: 50 }), strict)).toEqual(["pass"]);
});

it("finds a lower one, and says what to set it to", () => {
  expect(judge(inviteLevel, inLevels({ invite: 0 }), strict)).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "level 0 is enough to invite, and the policy asks for 50",
      cure: expect.stringContaining('"invite" to 50'),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(results(inviteLevel, noState)).toEqual(["not-checked"]);
});
