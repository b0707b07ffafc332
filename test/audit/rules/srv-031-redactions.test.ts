import { expect, it } from "vitest";
import { redactions } from "../../../src/audit/rules/srv-031-redactions.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes Synapse's default", () => {
  expect(judge(redactions, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "What is redacted is gone soon" }),
  ]);
});

it("finds that it is kept", () => {
  expect(judge(redactions, config({ redactionRetentionMs: null }))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "the homeserver keeps redacted events for ever",
      cure: expect.stringContaining("redaction_retention_period: 7d"),
    }),
  ]);
});

it("finds that it is kept long", () => {
  expect(judge(redactions, config({ redactionRetentionMs: 60 * 86_400_000 }))).toEqual([
    expect.objectContaining({ result: "warn", message: "the homeserver keeps redacted events for 60 days" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(redactions, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
