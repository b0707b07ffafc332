import { expect, it } from "vitest";
import { roomVersion } from "../../../src/audit/rules/acc-022-room-version.ts";
import { inCreate, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

it("passes the oldest that the policy allows, and newer ones", () => {
  expect(results(roomVersion, inCreate({ version: "10" }), policy({ minVersion: 10 }))).toEqual(["pass"]);
  expect(results(roomVersion, inCreate({ version: "12" }), policy({ minVersion: 10 }))).toEqual(["pass"]);
});

it("finds an older one, as a number and not as a word", () => {
  expect(judge(roomVersion, inCreate({ version: "9" }), policy({ minVersion: 10 }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "the room's version is 9, and the policy asks for 10",
      cure: expect.stringContaining("replace the room"),
    }),
  ]);
});

it("warns of one that the spec does not know", () => {
  expect(results(roomVersion, inCreate({ version: "org.matrix.msc2176" }))).toEqual(["warn"]);
});

it("passes nothing that could not be read", () => {
  expect(results(roomVersion, noState)).toEqual(["not-checked"]);
});
