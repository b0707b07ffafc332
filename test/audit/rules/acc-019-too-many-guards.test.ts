import { expect, it } from "vitest";
import { tooManyGuards } from "../../../src/audit/rules/acc-019-too-many-guards.ts";
import { ALICE, BOT, roomState } from "../../support/facts.ts";
import { inLevels, inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const two = inLevels({ users: { [ALICE]: 100, [BOT]: 100, "@gone:example.org": 100 } });

it("passes as many as the policy allows, and counts who is in the room", () => {
  expect(results(tooManyGuards)).toEqual(["pass"]);
  expect(results(tooManyGuards, two, policy({ maxGuards: 2 }))).toEqual(["pass"]);
});

it("finds more, and names them", () => {
  expect(judge(tooManyGuards, two, policy({ maxGuards: 1 }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: `2 users stand at level 100 or above, and the policy allows 1: ${ALICE} (100) and ${BOT} (100)`,
      cure: expect.stringContaining("m.room.power_levels"),
    }),
  ]);
});

it("counts creators who stand above all levels", () => {
  const create = { ...roomState().create, version: "12", privilegedCreators: [BOT] };
  expect(judge(tooManyGuards, inState({ create }), policy({ maxGuards: 1 }))[0]?.message).toContain(
    `${BOT} (creator)`,
  );
});

it("passes nothing that could not be read", () => {
  expect(results(tooManyGuards, noState)).toEqual(["not-checked"]);
});
