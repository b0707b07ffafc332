import { expect, it } from "vitest";
import { pushContent } from "../../../src/audit/rules/srv-023-push-content.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where they get none", () => {
  expect(judge(pushContent, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Push gateways get no content" }),
  ]);
});

it("finds that they do", () => {
  expect(judge(pushContent, config({ pushHasContent: true }))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "push gateways get the content of events",
      cure: expect.stringContaining("include_content: false"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(pushContent, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
