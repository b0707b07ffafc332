import { expect, it } from "vitest";
import { guardsGuestAccess } from "../../../src/audit/rules/acc-012-guards-guest-access.ts";
import { ALICE, BOT } from "../../support/facts.ts";
import { inLevels, needing, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const TYPE = "m.room.guest_access";

it("passes what takes the policy's level, or more", () => {
  expect(results(guardsGuestAccess)).toEqual(["pass"]);
  expect(results(guardsGuestAccess, needing(TYPE, 150))).toEqual(["pass"]);
  expect(results(guardsGuestAccess, needing(TYPE, 50), policy({ guardLevel: 50 }))).toEqual(["pass"]);
});

it("finds a lower one, and says what to set it to", () => {
  expect(judge(guardsGuestAccess, needing(TYPE, 50))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining("level 50 is enough to change m.room.guest_access"),
      cure: expect.stringContaining('set events["m.room.guest_access"] to 100'),
    }),
  ]);
});

it("names who could do it below the policy's level", () => {
  const change = inLevels({ users: { [ALICE]: 100, [BOT]: 60 }, events: { [TYPE]: 60 } });
  expect(judge(guardsGuestAccess, change)[0]?.message).toContain(`${BOT} could do it`);
});

it("falls back to the level for all state", () => {
  expect(results(guardsGuestAccess, inLevels({ events: {} }))).toEqual(["fail"]);
  expect(results(guardsGuestAccess, inLevels({ events: {}, stateDefault: 100 }))).toEqual(["pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(guardsGuestAccess, noState)).toEqual(["not-checked"]);
});
