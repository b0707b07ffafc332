import { expect, it } from "vitest";
import { ownIdentityChanged } from "../../../src/audit/rules/own-002-identity-changed.ts";
import { known, unread } from "../../support/facts.ts";
import { judge } from "./own.ts";

it("passes where it does", () => {
  expect(judge(ownIdentityChanged, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "The homeserver shows the identity that we made" }),
  ]);
});

it("finds another", () => {
  expect(
    judge(ownIdentityChanged, {
      identity: known({ exists: true, isDeviceSigned: true, hasChanged: true, arePrivateKeysHere: true }),
    }),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "the homeserver shows another identity of our account than we knew",
      cure: expect.stringContaining("do not trust this homeserver"),
    }),
  ]);
});

it("has nothing to say where there is none", () => {
  expect(
    judge(ownIdentityChanged, {
      identity: known({ exists: false, isDeviceSigned: false, hasChanged: false, arePrivateKeysHere: false }),
    }),
  ).toEqual([
    expect.objectContaining({
      result: "not-applicable",
      message: "the account has no cross-signing identity",
    }),
  ]);
});

it("passes no identity that the homeserver did not show", () => {
  expect(judge(ownIdentityChanged, { identity: unread("504") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "504" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(ownIdentityChanged, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
