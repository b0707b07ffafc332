import { expect, it } from "vitest";
import { guardsPowerLevels } from "../../../src/audit/rules/acc-010-guards-power-levels.ts";
import { ALICE, BOT } from "../../support/facts.ts";
import { inLevels, needing, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const TYPE = "m.room.power_levels";

it("passes what takes the policy's level, or more", () => {
  expect(results(guardsPowerLevels)).toEqual(["pass"]);
  expect(results(guardsPowerLevels, needing(TYPE, 150))).toEqual(["pass"]);
  expect(results(guardsPowerLevels, needing(TYPE, 50), policy({ guardLevel: 50 }))).toEqual(["pass"]);
});

it("finds a lower one, and says what to set it to", () => {
  expect(judge(guardsPowerLevels, needing(TYPE, 50))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining("level 50 is enough to change m.room.power_levels"),
      cure: expect.stringContaining('set events["m.room.power_levels"] to 100'),
    }),
  ]);
});

it("names who could do it below the policy's level", () => {
  const change = inLevels({ users: { [ALICE]: 100, [BOT]: 60 }, events: { [TYPE]: 60 } });
  expect(judge(guardsPowerLevels, change)[0]?.message).toContain(`${BOT} could do it`);
});

it("falls back to the level for all state", () => {
  expect(results(guardsPowerLevels, inLevels({ events: {} }))).toEqual(["fail"]);
  expect(results(guardsPowerLevels, inLevels({ events: {}, stateDefault: 100 }))).toEqual(["pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(guardsPowerLevels, noState)).toEqual(["not-checked"]);
});
