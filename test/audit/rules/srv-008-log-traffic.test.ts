import { expect, it } from "vitest";
import { logTraffic } from "../../../src/audit/rules/srv-008-log-traffic.ts";
import { known, unread } from "../../support/facts.ts";
import { judge } from "./server.ts";

it("passes levels from WARNING on", () => {
  expect(judge(logTraffic, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "The log does not record who does what" }),
  ]);
});

it("finds Synapse's default", () => {
  expect(
    judge(logTraffic, {
      logging: known({ rootLevel: "INFO", loggers: {}, formats: [], handlerLevel: "NOTSET" }),
    }),
  ).toEqual([
    expect.objectContaining({
      result: "warn",
      message:
        "the log holds who asked for which room, when and from which address; what people search for; push keys",
      cure: expect.stringContaining("synapse.access.http"),
    }),
  ]);
});

it("finds one listener's log", () => {
  expect(
    judge(logTraffic, {
      logging: known({
        rootLevel: "WARNING",
        loggers: { "synapse.access.http.8008": "INFO" },
        formats: [],
        handlerLevel: "NOTSET",
      }),
    }),
  ).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "the log holds who asked for which room, when and from which address",
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(logTraffic, { logging: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
