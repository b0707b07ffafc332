import { expect, it } from "vitest";
import { mailContent } from "../../../src/audit/rules/srv-024-mail-content.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where none does", () => {
  expect(judge(mailContent, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "No message leaves by mail" }),
  ]);
});

it("finds that they do", () => {
  expect(judge(mailContent, config({ emailHasContent: true }))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "the homeserver sends missed messages by mail",
      cure: expect.stringContaining("enable_notifs: false"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(mailContent, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
