import { expect, it } from "vitest";
import { messageRetention } from "../../../src/audit/rules/srv-004-message-retention.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where they are", () => {
  expect(judge(messageRetention, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Messages are deleted some day" }),
  ]);
});

it("finds that they are not", () => {
  expect(judge(messageRetention, config({ retention: { isEnabled: false, maxLifetimeMs: 1 } }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "the homeserver keeps messages for ever",
      cure: expect.stringContaining("max_lifetime: 1y"),
    }),
  ]);
});

it("finds a default without an end", () => {
  expect(judge(messageRetention, config({ retention: { isEnabled: true, maxLifetimeMs: null } }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message:
        "rooms without m.room.retention keep their messages for ever: the default policy has no max_lifetime",
    }),
  ]);
});

it("asks nothing where the policy does not", () => {
  expect(
    judge(messageRetention, config({ retention: { isEnabled: false, maxLifetimeMs: null } }), {
      retention: false,
    }),
  ).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "the policy does not ask for it" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(messageRetention, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
