import { expect, it } from "vitest";
import { staleDevices } from "../../../src/audit/rules/srv-018-stale-devices.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where they stay", () => {
  expect(judge(staleDevices, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Devices that rest are not deleted" }),
  ]);
});

it("warns where they are deleted", () => {
  expect(judge(staleDevices, config({ deleteStaleDevicesAfterMs: 30 * 86_400_000 }))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "the homeserver deletes devices that were not used for 30 days, bots among them",
      cure: expect.stringContaining("delete_stale_devices_after"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(staleDevices, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
