import { expect, it } from "vitest";
import { ownIdentity } from "../../../src/audit/rules/own-001-identity.ts";
import { known, unread } from "../../support/facts.ts";
import { judge } from "./own.ts";

it("passes where it has one", () => {
  expect(judge(ownIdentity, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Our account has a cross-signing identity" }),
  ]);
});

it("finds that it has none", () => {
  expect(
    judge(ownIdentity, {
      identity: known({ exists: false, isDeviceSigned: false, hasChanged: false, arePrivateKeysHere: false }),
    }),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "our account has no cross-signing identity",
      cure: expect.stringContaining("sotto identity bootstrap"),
    }),
  ]);
});

it("passes no identity that the homeserver did not show", () => {
  expect(judge(ownIdentity, { identity: unread("504") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "504" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(ownIdentity, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
