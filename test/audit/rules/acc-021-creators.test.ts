import { expect, it } from "vitest";
import { creators } from "../../../src/audit/rules/acc-021-creators.ts";
import { ALICE, BOT } from "../../support/facts.ts";
import { inCreate, noState, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const made = (...privilegedCreators: string[]) => inCreate({ version: "12", privilegedCreators });

it("has nothing to judge before room version 12", () => {
  expect(results(creators)).toEqual(["not-applicable"]);
});

it("passes a room that our own account made", () => {
  expect(results(creators, made(BOT))).toEqual(["pass"]);
});

it("names whoever else stands above all levels, and says that only another room ends it", () => {
  expect(judge(creators, made(ALICE))).toEqual([
    expect.objectContaining({
      result: "warn",
      severity: "low",
      message: `${ALICE} made this room and cannot be demoted by anybody`,
      cure: expect.stringContaining("replace the room"),
    }),
  ]);
});

it("fails creators who have left, and more than the policy allows", () => {
  expect(judge(creators, made("@gone:example.org"))).toEqual([
    expect.objectContaining({
      result: "fail",
      severity: "medium",
      message: expect.stringContaining("@gone:example.org is not in it any more"),
    }),
  ]);
  expect(results(creators, made(ALICE, BOT), policy({ maxGuards: 1 }))).toEqual(["fail"]);
});

it("passes nothing that could not be read", () => {
  expect(results(creators, noState)).toEqual(["not-checked"]);
});
