import { expect, it } from "vitest";
import { roomTopic } from "../../../src/audit/rules/meta-002-topic.ts";
import { inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const words = policy({ words: ["clinic"] });

it("passes a topic without the words, and none", () => {
  expect(results(roomTopic, {}, words)).toEqual(["pass"]);
  expect(results(roomTopic, inState({ topic: "on Mondays" }), words)).toEqual(["pass"]);
});

it("finds them, whatever their case", () => {
  expect(judge(roomTopic, inState({ topic: "Rota of the Clinic" }), words)).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining("says clinic"),
      cure: expect.stringContaining('m.room.topic {"topic": ""}'),
    }),
  ]);
});

it("has nothing to judge where no words are listed", () => {
  expect(results(roomTopic, inState({ topic: "clinic" }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(roomTopic, noState, words)).toEqual(["not-checked"]);
});
