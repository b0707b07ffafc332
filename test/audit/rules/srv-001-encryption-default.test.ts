import { expect, it } from "vitest";
import { encryptionDefault } from "../../../src/audit/rules/srv-001-encryption-default.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes a homeserver that encrypts all new rooms", () => {
  expect(judge(encryptionDefault, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "New rooms are encrypted" }),
  ]);
});

it("finds that it encrypts none", () => {
  expect(judge(encryptionDefault, config({ encryptionByDefault: "off" }))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "new rooms begin without encryption",
      cure: expect.stringContaining("encryption_enabled_by_default_for_room_type: all"),
      severity: "medium",
    }),
  ]);
});

it("warns where public rooms are left out", () => {
  expect(judge(encryptionDefault, config({ encryptionByDefault: "invite" }))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "rooms that are made public begin without encryption",
      severity: "low",
    }),
  ]);
});

it("asks nothing where the policy leaves it open", () => {
  expect(
    judge(encryptionDefault, config({ encryptionByDefault: "off" }), { encryptionByDefault: false }),
  ).toEqual([expect.objectContaining({ result: "not-applicable", message: "the policy leaves it open" })]);
});

it("passes nothing that could not be read", () => {
  expect(judge(encryptionDefault, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
