import { expect, it } from "vitest";
import { errorReports } from "../../../src/audit/rules/srv-015-error-reports.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where neither does", () => {
  expect(judge(errorReports, {})).toEqual([
    expect.objectContaining({
      result: "pass",
      message: "No error or trace of the homeserver goes elsewhere",
    }),
  ]);
});

it("finds Sentry", () => {
  expect(judge(errorReports, config({ isSentryOn: true }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "errors, with the values at hand, go to Sentry",
      cure: expect.stringContaining("sentry"),
    }),
  ]);
});

it("finds both", () => {
  expect(judge(errorReports, config({ isSentryOn: true, isTracingOn: true }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message:
        "errors, with the values at hand, go to Sentry; traces of requests, with users and rooms, go to a tracing service",
    }),
  ]);
});

it("finds tracing", () => {
  expect(judge(errorReports, config({ isTracingOn: true }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "traces of requests, with users and rooms, go to a tracing service",
      cure: expect.stringContaining("opentracing"),
    }),
  ]);
});

it("asks nothing where the policy allows it", () => {
  expect(judge(errorReports, config({ isSentryOn: true }), { telemetry: true })).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "the policy allows it" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(errorReports, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
