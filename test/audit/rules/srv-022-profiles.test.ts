import { expect, it } from "vitest";
import { profiles } from "../../../src/audit/rules/srv-022-profiles.ts";
import { known, unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where an account is asked for", () => {
  expect(judge(profiles, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Only users can look up a profile" }),
  ]);
});

it("finds that none is", () => {
  expect(judge(profiles, { outside: { areProfilesPublic: known(true) } })).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "anybody can look up who has an account, without one",
      cure: expect.stringContaining("require_auth_for_profile_requests: true"),
    }),
  ]);
});

it("finds it in the config", () => {
  expect(
    judge(profiles, {
      outside: { areProfilesPublic: unread("504") },
      ...config({ areProfilesGuarded: false }),
    }),
  ).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "anybody can look up who has an account, without one",
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(
    judge(profiles, { outside: { areProfilesPublic: unread("504") }, config: unread("no file") }),
  ).toEqual([expect.objectContaining({ result: "not-checked", message: "504; no file" })]);
});
