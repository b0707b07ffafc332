import { expect, it } from "vitest";
import { turnGuests } from "../../../src/audit/rules/srv-011-turn-guests.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where they get none", () => {
  expect(judge(turnGuests, config({ areGuestsAllowed: true }))).toEqual([
    expect.objectContaining({ result: "pass", message: "Guests get no TURN credentials" }),
  ]);
});

it("finds that they do", () => {
  expect(
    judge(
      turnGuests,
      config({
        areGuestsAllowed: true,
        turn: { hasSharedSecret: true, hasStaticPassword: false, userLifetimeMs: 1, areGuestsAllowed: true },
      }),
    ),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "guests are given TURN credentials",
      cure: expect.stringContaining("turn_allow_guests: false"),
    }),
  ]);
});

it("has nothing to say without guests", () => {
  expect(judge(turnGuests, {})).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "there are no guests" }),
  ]);
});

it("has nothing to say without TURN", () => {
  expect(
    judge(
      turnGuests,
      config({
        areGuestsAllowed: true,
        turn: { hasSharedSecret: false, hasStaticPassword: false, userLifetimeMs: 1, areGuestsAllowed: true },
      }),
    ),
  ).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "homeserver.yaml names no TURN server" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(turnGuests, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
