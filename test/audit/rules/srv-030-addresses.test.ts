import { expect, it } from "vitest";
import { addresses } from "../../../src/audit/rules/srv-030-addresses.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes Synapse's default", () => {
  expect(judge(addresses, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Addresses of users are forgotten" }),
  ]);
});

it("finds that they are kept", () => {
  expect(judge(addresses, config({ userIpsMaxAgeMs: null }))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "the homeserver keeps the IP addresses of users for ever",
      cure: expect.stringContaining("user_ips_max_age: 7d"),
    }),
  ]);
});

it("finds that they are kept long", () => {
  expect(judge(addresses, config({ userIpsMaxAgeMs: 365 * 86_400_000 }))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "the homeserver keeps the IP addresses of users for 365 days",
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(addresses, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
