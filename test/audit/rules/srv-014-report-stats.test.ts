import { expect, it } from "vitest";
import { reportStats } from "../../../src/audit/rules/srv-014-report-stats.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where it does not", () => {
  expect(judge(reportStats, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "The homeserver reports no statistics" }),
  ]);
});

it("finds that it does", () => {
  expect(judge(reportStats, config({ isStatsReported: true }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "the homeserver reports its name and numbers to matrix.org",
      cure: expect.stringContaining("report_stats: false"),
    }),
  ]);
});

it("asks nothing where the policy allows it", () => {
  expect(judge(reportStats, config({ isStatsReported: true }), { telemetry: true })).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "the policy allows it" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(reportStats, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
