import { expect, it } from "vitest";
import { aliasWords } from "../../../src/audit/rules/meta-003-alias-words.ts";
import { inState, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const words = policy({ words: ["clinic"] });
const aliases = inState({ aliases: ["#team7:example.org", "#Clinic:example.org"] });

it("passes addresses without the words, and none", () => {
  expect(results(aliasWords, {}, words)).toEqual(["pass"]);
  expect(results(aliasWords, inState({ aliases: ["#team7:example.org"] }), words)).toEqual(["pass"]);
});

it("finds the one that tells, and names the request that removes it", () => {
  expect(judge(aliasWords, aliases, words)).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringMatching(/address #Clinic:example\.org .* says clinic$/),
      cure: expect.stringContaining("followed by #Clinic:example.org"),
    }),
  ]);
});

it("has nothing to judge where no words are listed", () => {
  expect(results(aliasWords, aliases)).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(aliasWords, noState, words)).toEqual(["not-checked"]);
});
