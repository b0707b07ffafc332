import { expect, it } from "vitest";
import { ownRotation } from "../../../src/audit/rules/own-012-rotation.ts";
import { judge } from "./own.ts";

it("passes where they do not", () => {
  expect(judge(ownRotation, {})).toEqual([
    expect.objectContaining({
      result: "pass",
      message: "Our room keys live no longer than the policy allows",
    }),
  ]);
});

it("finds both limits", () => {
  expect(
    judge(ownRotation, { settings: { rotation: { maxPeriodMs: 30 * 86_400_000, maxMessages: 1_000 } } }),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message:
        "our room keys live for 30 days, and the policy allows 7 days; they are used for 1000 messages, and the policy allows 100",
      cure: expect.stringContaining("rotation"),
    }),
  ]);
});

it("holds to the policy", () => {
  expect(
    judge(ownRotation, {}, { rooms: { rotation: { maxPeriodMs: 86_400_000, maxMessages: 100 } } }),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "our room keys live for 7 days, and the policy allows 1 day",
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(ownRotation, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
