import { expect, it } from "vitest";
import { rotationMessages } from "../../../src/audit/rules/enc-004-rotation-messages.ts";
import { DAY_MS, inEncryption, inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const strict = policy({ rotation: { maxPeriodMs: DAY_MS, maxMessages: 50 } });

it("passes what the policy allows", () => {
  expect(results(rotationMessages)).toEqual(["pass"]);
  expect(results(rotationMessages, inEncryption({ rotationPeriodMsgs: 50 }), strict)).toEqual(["pass"]);
});

it("finds more, and names the first event of the room that replaces it", () => {
  expect(judge(rotationMessages, inEncryption({ rotationPeriodMsgs: 1_000 }), strict)).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "a room key may be used for 1,000 messages, and the policy allows 50",
      cure: expect.stringContaining('"rotation_period_msgs":50'),
    }),
  ]);
});

it("knows the default where nothing is said", () => {
  const unsaid = inEncryption({ rotationPeriodMsgs: undefined });
  expect(results(rotationMessages, unsaid)).toEqual(["pass"]);
  expect(judge(rotationMessages, unsaid, strict)[0]?.message).toContain("100 messages, the default");
});

it("leaves what is no number, and no encryption, to the rules for that", () => {
  expect(results(rotationMessages, inEncryption({ rotationPeriodMsgs: 1.5 }))).toEqual(["not-applicable"]);
  expect(results(rotationMessages, inState({ encryption: null }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(rotationMessages, noState)).toEqual(["not-checked"]);
});
