import { expect, it } from "vitest";
import { ownLogLevel } from "../../../src/audit/rules/own-014-log-level.ts";
import { judge } from "./own.ts";

it("passes level info", () => {
  expect(judge(ownLogLevel, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Our own log tells little" }),
  ]);
});

it("warns of level debug", () => {
  expect(judge(ownLogLevel, { settings: { logLevel: "debug" } })).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "our log, at level debug, names each request with its room",
      cure: expect.stringContaining("level: info"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(ownLogLevel, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
