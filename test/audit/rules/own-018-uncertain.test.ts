import { expect, it } from "vitest";
import { uncertain } from "../../../src/audit/rules/own-018-uncertain.ts";
import { judge } from "./own.ts";

it("passes where it is", () => {
  expect(judge(uncertain, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "It is known of every message whether it arrived" }),
  ]);
});

it("finds how many there are", () => {
  expect(judge(uncertain, { uncertain: 1 })).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "1 message may have arrived or not",
      cure: expect.stringContaining("look into the room"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(uncertain, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
