import { expect, it } from "vitest";
import { ownDeviceUnsigned } from "../../../src/audit/rules/own-003-device-unsigned.ts";
import { known, unread } from "../../support/facts.ts";
import { judge } from "./own.ts";

it("passes where it has", () => {
  expect(judge(ownDeviceUnsigned, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Our identity has signed this device" }),
  ]);
});

it("finds that it has not", () => {
  expect(
    judge(ownDeviceUnsigned, {
      identity: known({ exists: true, isDeviceSigned: false, hasChanged: false, arePrivateKeysHere: true }),
    }),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "our identity has not signed the device that Sotto uses",
      cure: expect.stringContaining("--recovery-key-file"),
    }),
  ]);
});

it("has nothing to say where there is none", () => {
  expect(
    judge(ownDeviceUnsigned, {
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
  expect(judge(ownDeviceUnsigned, { identity: unread("504") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "504" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(ownDeviceUnsigned, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
