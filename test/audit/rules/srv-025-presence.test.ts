import { expect, it } from "vitest";
import { presence } from "../../../src/audit/rules/srv-025-presence.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where it is off", () => {
  expect(judge(presence, {}, { presence: false })).toEqual([
    expect.objectContaining({ result: "pass", message: "Nobody sees who is online" }),
  ]);
});

it("finds that it is on", () => {
  expect(judge(presence, config({ presence: "on" }), { presence: false })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "the homeserver shows who is online",
      cure: expect.stringContaining("presence: {enabled: false}"),
    }),
  ]);
});

it("asks nothing where the policy allows it", () => {
  expect(judge(presence, config({ presence: "on" }))).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "the policy allows it" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(presence, { config: unread("no file") }, { presence: false })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
