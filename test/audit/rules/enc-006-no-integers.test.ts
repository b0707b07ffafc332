import { expect, it } from "vitest";
import { noIntegers } from "../../../src/audit/rules/enc-006-no-integers.ts";
import { inEncryption, inState, noState } from "./changed.ts";
import { judge, results } from "./judge.ts";

it("passes whole numbers, and nothing said", () => {
  expect(results(noIntegers)).toEqual(["pass"]);
  const unsaid = { rotationPeriodMs: undefined, rotationPeriodMsgs: undefined };
  expect(results(noIntegers, inEncryption(unsaid))).toEqual(["pass"]);
});

it.each([
  [{ rotationPeriodMs: "604800000" }, 'rotation_period_ms ("604800000")'],
  [{ rotationPeriodMsgs: 99.5 }, "rotation_period_msgs (99.5)"],
  [{ rotationPeriodMsgs: -1 }, "rotation_period_msgs (-1)"],
  [{ rotationPeriodMs: null }, "rotation_period_ms (null)"],
  [{ rotationPeriodMs: 1e300 }, "rotation_period_ms (1e+300)"],
])("finds %j", (change, words) => {
  expect(judge(noIntegers, inEncryption(change))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining(words),
      cure: expect.stringContaining('"rotation_period_ms":604800000,"rotation_period_msgs":100}'),
    }),
  ]);
});

it("says nothing of a room that is not encrypted", () => {
  expect(results(noIntegers, inState({ encryption: null }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(noIntegers, noState)).toEqual(["not-checked"]);
});
