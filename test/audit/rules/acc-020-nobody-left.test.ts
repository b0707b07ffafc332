import { expect, it } from "vitest";
import { nobodyLeft } from "../../../src/audit/rules/acc-020-nobody-left.ts";
import { ALICE, BOT, roomState } from "../../support/facts.ts";
import { inLevels, inState, noState } from "./changed.ts";
import { judge, results } from "./judge.ts";

const withoutAlice = { members: roomState().members.filter(({ userId }) => userId !== ALICE) };

it("passes a room with somebody at the level", () => {
  expect(results(nobodyLeft)).toEqual(["pass"]);
});

it("finds one whose guards have left, and names them", () => {
  expect(judge(nobodyLeft, inState(withoutAlice))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining(`${ALICE} did and is not there`),
      cure: expect.stringContaining("replace the room"),
    }),
  ]);
});

it("finds one that nobody ever guarded", () => {
  expect(judge(nobodyLeft, inLevels({ users: {} }))[0]?.message).toMatch(/change power levels$/);
});

it("knows that a creator needs no level", () => {
  const create = { ...roomState().create, version: "12", privilegedCreators: [BOT] };
  expect(results(nobodyLeft, inState({ ...withoutAlice, create }))).toEqual(["pass"]);
});

it("does not judge a room that has been replaced", () => {
  const tombstone = { successor: "!next", sender: ALICE };
  expect(results(nobodyLeft, inState({ ...withoutAlice, tombstone }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(nobodyLeft, noState)).toEqual(["not-checked"]);
});
