import { expect, it } from "vitest";
import { roomName } from "../../../src/audit/rules/meta-001-name.ts";
import { inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const words = policy({ words: ["clinic", "ward"] });

it("passes a name without the words, and none", () => {
  expect(results(roomName, {}, words)).toEqual(["pass"]);
  expect(results(roomName, inState({ name: "Team 7" }), words)).toEqual(["pass"]);
});

it("finds them, whatever their case", () => {
  expect(judge(roomName, inState({ name: "The CLINIC" }), words)).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining('"The CLINIC" can be read by homeservers, and says clinic'),
      cure: expect.stringContaining("m.room.name"),
    }),
  ]);
});

it("has nothing to judge where no words are listed", () => {
  expect(results(roomName, inState({ name: "clinic" }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(roomName, noState, words)).toEqual(["not-checked"]);
});
