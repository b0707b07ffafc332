import { expect, it } from "vitest";
import { publicJoin } from "../../../src/audit/rules/acc-004-public-join.ts";
import { roomState } from "../../support/facts.ts";
import { inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const open = inState({ joinRule: { rule: "public", allowedRooms: [] } });

it("passes a room into which one is invited", () => {
  expect(results(publicJoin)).toEqual(["pass"]);
});

it("finds a public one, and names the event that cures it", () => {
  expect(judge(publicJoin, open)).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining("anybody can join"),
      cure: expect.stringContaining('m.room.join_rules {"join_rule": "invite"}'),
    }),
  ]);
});

it("passes it where the policy does", () => {
  expect(results(publicJoin, open, policy({ joinRules: ["public"] }))).toEqual(["pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(publicJoin, noState)).toEqual(["not-checked"]);
});

it("is less bad in a space, whose rooms have doors of their own", () => {
  const space = { ...roomState().create, type: "m.space" };
  const open = inState({ create: space, joinRule: { rule: "public", allowedRooms: [] } });
  expect(judge(publicJoin, open)).toMatchObject([{ result: "fail", severity: "medium" }]);
});
