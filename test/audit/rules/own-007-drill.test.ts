import { expect, it } from "vitest";
import { recoveryDrill } from "../../../src/audit/rules/own-007-drill.ts";
import { known, NOW_MS, unread } from "../../support/facts.ts";
import { judge } from "./own.ts";

it("passes where it was", () => {
  expect(judge(recoveryDrill, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "The recovery key was tried not long ago" }),
  ]);
});

it("finds that it never was", () => {
  expect(judge(recoveryDrill, { recoveryDrilledMs: known(null) })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "the recovery key was never tried",
      cure: expect.stringContaining("sotto recovery drill"),
    }),
  ]);
});

it("finds that it was long ago", () => {
  expect(judge(recoveryDrill, { recoveryDrilledMs: known(NOW_MS - 100 * 86_400_000) })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "the recovery key was tried 100 days ago, and the policy wants it every 90 days",
    }),
  ]);
});

it("passes none that could not be read", () => {
  expect(judge(recoveryDrill, { recoveryDrilledMs: unread("504") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "504" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(recoveryDrill, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
