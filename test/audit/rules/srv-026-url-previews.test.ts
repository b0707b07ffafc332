import { expect, it } from "vitest";
import { urlPreviews } from "../../../src/audit/rules/srv-026-url-previews.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where it fetches none", () => {
  expect(judge(urlPreviews, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "The homeserver fetches no links" }),
  ]);
});

it("finds that it does", () => {
  expect(judge(urlPreviews, config({ isUrlPreviewOn: true }))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "the homeserver fetches links that clients want a preview of",
      cure: expect.stringContaining("url_preview_enabled: false"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(urlPreviews, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
