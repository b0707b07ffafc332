import { expect, it } from "vitest";
import { federatedDeviceNames } from "../../../src/audit/rules/srv-029-device-names.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where they are not", () => {
  expect(judge(federatedDeviceNames, {})).toEqual([
    expect.objectContaining({
      result: "pass",
      message: "Other homeservers are not told the names of devices",
    }),
  ]);
});

it("finds that they are", () => {
  expect(judge(federatedDeviceNames, config({ areDeviceNamesFederated: true }))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "other homeservers are told the names of devices",
      cure: expect.stringContaining("allow_device_name_lookup_over_federation: false"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(federatedDeviceNames, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
