import { expect, it } from "vitest";
import { turnLifetime } from "../../../src/audit/rules/srv-009-turn-lifetime.ts";
import { known, unread } from "../../support/facts.ts";
import { judge } from "./server.ts";

it("passes an hour", () => {
  expect(judge(turnLifetime, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "TURN credentials do not live long" }),
  ]);
});

it("finds a life above the policy's", () => {
  expect(judge(turnLifetime, { turn: known({ ttlSec: 172_800, uris: [], isTimeLimited: true }) })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "TURN credentials live for 2 days, and the policy allows 1 day",
      cure: expect.stringContaining("turn_user_lifetime: 1h"),
    }),
  ]);
});

it("holds to the policy", () => {
  expect(judge(turnLifetime, {}, { maxTurnLifetimeMs: 1_800_000 })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "TURN credentials live for 1 hour, and the policy allows 30 minutes",
    }),
  ]);
});

it("has nothing to say without TURN", () => {
  expect(judge(turnLifetime, { turn: known(null) })).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "the homeserver names no TURN server" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(turnLifetime, { turn: unread("M_LIMIT_EXCEEDED") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "M_LIMIT_EXCEEDED" }),
  ]);
});
