import { expect, it } from "vitest";
import { guardsHistory } from "../../../src/audit/rules/acc-009-guards-history.ts";
import { ALICE, BOT } from "../../support/facts.ts";
import { inLevels, needing, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const TYPE = "m.room.history_visibility";

it("passes what takes the policy's level, or more", () => {
  expect(results(guardsHistory)).toEqual(["pass"]);
  expect(results(guardsHistory, needing(TYPE, 150))).toEqual(["pass"]);
  expect(results(guardsHistory, needing(TYPE, 50), policy({ guardLevel: 50 }))).toEqual(["pass"]);
});

it("finds a lower one, and says what to set it to", () => {
  expect(judge(guardsHistory, needing(TYPE, 50))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining("level 50 is enough to change m.room.history_visibility"),
      cure: expect.stringContaining('set events["m.room.history_visibility"] to 100'),
    }),
  ]);
});

it("names who could do it below the policy's level", () => {
  const change = inLevels({ users: { [ALICE]: 100, [BOT]: 60 }, events: { [TYPE]: 60 } });
  expect(judge(guardsHistory, change)[0]?.message).toContain(`${BOT} could do it`);
});

it("falls back to the level for all state", () => {
  expect(results(guardsHistory, inLevels({ events: {} }))).toEqual(["fail"]);
  expect(results(guardsHistory, inLevels({ events: {}, stateDefault: 100 }))).toEqual(["pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(guardsHistory, noState)).toEqual(["not-checked"]);
});
