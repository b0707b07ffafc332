import { expect, it } from "vitest";
import { algorithm } from "../../../src/audit/rules/enc-002-algorithm.ts";
import { inEncryption, inState, noState } from "./changed.ts";
import { judge, results } from "./judge.ts";

it("passes Megolm", () => {
  expect(results(algorithm)).toEqual(["pass"]);
});

it.each([
  ["m.olm.v1.curve25519-aes-sha2", "the algorithm m.olm.v1.curve25519-aes-sha2"],
  [undefined, "no algorithm"],
  [{ a: 1 }, "no algorithm"],
])("finds %j", (said, words) => {
  expect(judge(algorithm, inEncryption({ algorithm: said }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining(words),
      cure: expect.stringContaining('{"algorithm": "m.megolm.v1.aes-sha2"}'),
    }),
  ]);
});

it("leaves a room that is not encrypted to the rule for that", () => {
  expect(results(algorithm, inState({ encryption: null }))).toEqual(["not-applicable"]);
});

it("passes nothing that could not be read", () => {
  expect(results(algorithm, noState)).toEqual(["not-checked"]);
});
