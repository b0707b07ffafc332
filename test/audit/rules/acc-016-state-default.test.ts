import { expect, it } from "vitest";
import { stateDefault } from "../../../src/audit/rules/acc-016-state-default.ts";
import { inLevels, noState } from "./changed.ts";
import { judge, results } from "./judge.ts";

it("passes the spec's default", () => {
  expect(results(stateDefault)).toEqual(["pass"]);
});

it("finds a room in which any member sets state, and says what to set", () => {
  expect(judge(stateDefault, inLevels({ stateDefault: 0 }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining("takes level 0: any member can set it"),
      cure: expect.stringContaining('"state_default" to 50'),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(results(stateDefault, noState)).toEqual(["not-checked"]);
});
