import { expect, it } from "vitest";
import { turnPassword } from "../../../src/audit/rules/srv-010-turn-password.ts";
import { known, unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes credentials that end", () => {
  expect(judge(turnPassword, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "TURN credentials are made for each user" }),
  ]);
});

it("finds one password for all", () => {
  expect(judge(turnPassword, { turn: known({ ttlSec: 3_600, uris: [], isTimeLimited: false }) })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "everybody is given the same TURN password, which never ends",
      cure: expect.stringContaining("turn_shared_secret"),
    }),
  ]);
});

it("finds it in the config", () => {
  expect(
    judge(turnPassword, {
      turn: unread("429"),
      ...config({
        turn: { hasSharedSecret: false, hasStaticPassword: true, userLifetimeMs: 1, areGuestsAllowed: false },
      }),
    }),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "homeserver.yaml has one TURN password for everybody",
    }),
  ]);
});

it("warns of one that is left over", () => {
  expect(
    judge(
      turnPassword,
      config({
        turn: { hasSharedSecret: true, hasStaticPassword: true, userLifetimeMs: 1, areGuestsAllowed: false },
      }),
    ),
  ).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "homeserver.yaml still holds a TURN password, which is not used beside the shared secret",
      severity: "info",
    }),
  ]);
});

it("has nothing to say without TURN", () => {
  expect(judge(turnPassword, { turn: known(null), config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "the homeserver names no TURN server" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(turnPassword, { turn: unread("429"), config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "429; no file" }),
  ]);
});
