import { expect, it } from "vitest";
import { guardsEncryption } from "../../../src/audit/rules/acc-008-guards-encryption.ts";
import { ALICE, BOT } from "../../support/facts.ts";
import { inLevels, needing, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const TYPE = "m.room.encryption";

it("passes what takes the policy's level, or more", () => {
  expect(results(guardsEncryption)).toEqual(["pass"]);
  expect(results(guardsEncryption, needing(TYPE, 150))).toEqual(["pass"]);
  expect(results(guardsEncryption, needing(TYPE, 50), policy({ guardLevel: 50 }))).toEqual(["pass"]);
});

it("finds a lower one, and says what to set it to", () => {
  expect(judge(guardsEncryption, needing(TYPE, 50))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining("level 50 is enough to change m.room.encryption"),
      cure: expect.stringContaining('set events["m.room.encryption"] to 100'),
    }),
  ]);
});

it("names who could do it below the policy's level", () => {
  const change = inLevels({ users: { [ALICE]: 100, [BOT]: 60 }, events: { [TYPE]: 60 } });
  expect(judge(guardsEncryption, change)[0]?.message).toContain(`${BOT} could do it`);
});

it("falls back to the level for all state", () => {
  expect(results(guardsEncryption, inLevels({ events: {} }))).toEqual(["fail"]);
  expect(results(guardsEncryption, inLevels({ events: {}, stateDefault: 100 }))).toEqual(["pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(guardsEncryption, noState)).toEqual(["not-checked"]);
});
