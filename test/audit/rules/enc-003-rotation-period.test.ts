import { expect, it } from "vitest";
import { rotationPeriod } from "../../../src/audit/rules/enc-003-rotation-period.ts";
import { DAY_MS, inEncryption, inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const daily = policy({ rotation: { maxPeriodMs: DAY_MS, maxMessages: 50 } });

it("passes what the policy allows, and not an hour more", () => {
  expect(results(rotationPeriod)).toEqual(["pass"]);
  expect(results(rotationPeriod, inEncryption({ rotationPeriodMs: DAY_MS }), daily)).toEqual(["pass"]);
  expect(results(rotationPeriod, inEncryption({ rotationPeriodMs: DAY_MS + 1 }), daily)).toEqual(["fail"]);
});

it("finds a longer one, and names the first event of the room that replaces it", () => {
  expect(judge(rotationPeriod, inEncryption({ rotationPeriodMs: 30 * DAY_MS }), daily)).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "a room key may be used for 30 days, and the policy allows 1 day",
      cure: expect.stringContaining('"rotation_period_ms":86400000,"rotation_period_msgs":50'),
    }),
  ]);
});

it("knows the default where nothing is said", () => {
  const unsaid = inEncryption({ rotationPeriodMs: undefined });
  expect(results(rotationPeriod, unsaid)).toEqual(["pass"]);
  expect(judge(rotationPeriod, unsaid, daily)[0]?.message).toContain("7 days, the default");
});

it("leaves what is no number, and no encryption, to the rules for that", () => {
  expect(results(rotationPeriod, inEncryption({ rotationPeriodMs: "30d" }))).toEqual(["not-applicable"]);
  expect(results(rotationPeriod, inState({ encryption: null }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(rotationPeriod, noState)).toEqual(["not-checked"]);
});
