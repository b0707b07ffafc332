import { expect, it } from "vitest";
import { mediaAccess } from "../../../src/audit/rules/srv-019-media-access.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where an account is asked for", () => {
  expect(judge(mediaAccess, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Media are given to those with an account only" }),
  ]);
});

it("finds that none is", () => {
  expect(judge(mediaAccess, config({ isMediaAuthenticated: false }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "media can be fetched without an account",
      cure: expect.stringContaining("enable_authenticated_media: true"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(mediaAccess, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
