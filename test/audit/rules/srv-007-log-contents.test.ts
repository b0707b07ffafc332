import { expect, it } from "vitest";
import { logContents } from "../../../src/audit/rules/srv-007-log-contents.ts";
import { known, unread } from "../../support/facts.ts";
import { judge } from "./server.ts";

it("passes levels from INFO on", () => {
  expect(judge(logContents, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "The log holds no messages, tokens or keys" }),
  ]);
});

it("finds the logger of database queries at DEBUG", () => {
  expect(
    judge(logContents, {
      logging: known({
        rootLevel: "INFO",
        loggers: { "synapse.storage.SQL": "DEBUG" },
        formats: [],
        handlerLevel: "NOTSET",
      }),
    }),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message:
        "the log holds access tokens, clear messages and what is sent to devices (synapse.storage.SQL)",
      cure: expect.stringContaining("synapse.storage.SQL"),
      severity: "high",
    }),
  ]);
});

it("is milder where only names and push keys are told", () => {
  expect(
    judge(logContents, {
      logging: known({
        rootLevel: "INFO",
        loggers: { "synapse.handlers": "DEBUG" },
        formats: [],
        handlerLevel: "NOTSET",
      }),
    }),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "the log holds names and topics of rooms (synapse.handlers.stats)",
      severity: "medium",
    }),
  ]);
});

it("names the worst of many", () => {
  const logging = known({ rootLevel: "DEBUG", loggers: {}, formats: [], handlerLevel: "NOTSET" });
  expect(judge(logContents, { logging })).toEqual([
    expect.objectContaining({
      severity: "high",
      message:
        "the log holds access tokens, clear messages and what is sent to devices (synapse.storage.SQL); whole events of other homeservers (synapse.federation.federation_client); and what 5 more loggers tell",
    }),
  ]);
});

it("passes what no handler writes down", () => {
  expect(
    judge(logContents, {
      logging: known({ rootLevel: "DEBUG", loggers: {}, formats: [], handlerLevel: "INFO" }),
    }),
  ).toEqual([
    expect.objectContaining({ result: "pass", message: "The log holds no messages, tokens or keys" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(logContents, { logging: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
