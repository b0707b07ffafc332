import { expect, it } from "vitest";
import { ownPrivateKeys } from "../../../src/audit/rules/own-004-private-keys.ts";
import { known, unread } from "../../support/facts.ts";
import { judge } from "./own.ts";

it("passes where they are", () => {
  expect(judge(ownPrivateKeys, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "The identity's private keys are here" }),
  ]);
});

it("warns where they are not", () => {
  expect(
    judge(ownPrivateKeys, {
      identity: known({ exists: true, isDeviceSigned: true, hasChanged: false, arePrivateKeysHere: false }),
    }),
  ).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "the identity's private keys are not in Sotto's store",
      cure: expect.stringContaining("sotto recovery restore"),
    }),
  ]);
});

it("has nothing to say where there is none", () => {
  expect(
    judge(ownPrivateKeys, {
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
  expect(judge(ownPrivateKeys, { identity: unread("504") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "504" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(ownPrivateKeys, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
