import { expect, it } from "vitest";
import { guestAccounts } from "../../../src/audit/rules/srv-003-guests.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where there are no guests", () => {
  expect(judge(guestAccounts, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Nobody comes in as a guest" }),
  ]);
});

it("finds guests", () => {
  expect(judge(guestAccounts, config({ areGuestsAllowed: true }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "anybody can come in as a guest",
      cure: expect.stringContaining("allow_guest_access: false"),
    }),
  ]);
});

it("asks nothing where the policy allows them", () => {
  expect(judge(guestAccounts, config({ areGuestsAllowed: true }), { rooms: { guests: true } })).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "the policy allows guests in rooms" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(guestAccounts, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
