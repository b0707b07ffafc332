import { expect, it } from "vitest";
import { listed } from "../../../src/audit/rules/acc-007-listed.ts";
import { known, unread } from "../../support/facts.ts";
import { inRoom, policy } from "./changed.ts";
import { judge, results } from "./judge.ts";

const shown = inRoom({ isListed: known(true) });

it("passes a room that is not shown", () => {
  expect(results(listed)).toEqual(["pass"]);
});

it("finds one that is, and names the request that cures it", () => {
  expect(judge(listed, shown)).toEqual([
    expect.objectContaining({
      result: "fail",
      message: expect.stringContaining("public directory"),
      cure: expect.stringContaining('{"visibility": "private"}'),
    }),
  ]);
});

it("passes it where the policy does", () => {
  expect(results(listed, shown, policy({ listed: true }))).toEqual(["pass"]);
});

it("passes nothing that could not be read", () => {
  expect(results(listed, inRoom({ isListed: unread("500") }))).toEqual(["not-checked"]);
});
