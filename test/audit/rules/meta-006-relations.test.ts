import { expect, it } from "vitest";
import { relations } from "../../../src/audit/rules/meta-006-relations.ts";
import { envelope, inState, noPast, saying } from "./changed.ts";
import { judge, results } from "./judge.ts";

const related = (relation: string) => envelope({ relation });

it("passes messages that stand alone, and relations that were redacted", () => {
  expect(results(relations)).toEqual(["pass"]);
  expect(results(relations, saying({ ...related("m.thread"), isRedacted: true }))).toEqual(["pass"]);
});

it("counts them by kind, as information", () => {
  const change = saying(related("m.thread"), related("m.replace"), related("m.thread"), related("m.new"));
  expect(judge(relations, change)).toEqual([
    expect.objectContaining({
      result: "warn",
      severity: "info",
      message: expect.stringMatching(/2 messages in threads, 1 edit and 1 other relation$/),
    }),
  ]);
});

it("leaves clear reactions to the rule for that", () => {
  expect(results(relations, saying(envelope({ type: "m.reaction", relation: "m.annotation" })))).toEqual([
    "pass",
  ]);
});

it("says nothing of a room that is not encrypted", () => {
  expect(results(relations, inState({ encryption: null }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(relations, noPast)).toEqual(["not-checked"]);
});
