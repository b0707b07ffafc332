import { expect, it } from "vitest";
import { clearIsEasier } from "../../../src/audit/rules/acc-017-clear-is-easier.ts";
import { inLevels, inState, needing, noState } from "./changed.ts";
import { judge, results } from "./judge.ts";

it("passes where both take the same, or clear takes more", () => {
  expect(results(clearIsEasier)).toEqual(["pass"]);
  expect(results(clearIsEasier, needing("m.room.message", 100))).toEqual(["pass"]);
  expect(results(clearIsEasier, inLevels({ eventsDefault: 50 }))).toEqual(["pass"]);
});

it("finds where encrypted takes more, and says how to set both", () => {
  expect(judge(clearIsEasier, needing("m.room.encrypted", 50))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining("below level 50 and at 0 or above"),
      cure: expect.stringContaining('events["m.room.message"] to 50, or events["m.room.encrypted"] to 0'),
    }),
  ]);
});

it("says nothing of a room that is not encrypted", () => {
  expect(results(clearIsEasier, inState({ encryption: null }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(clearIsEasier, noState)).toEqual(["not-checked"]);
});
