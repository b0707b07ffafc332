import { expect, it } from "vitest";
import { ownBackupInUse } from "../../../src/audit/rules/own-006-backup-in-use.ts";
import { known, unread } from "../../support/facts.ts";
import { judge } from "./own.ts";

it("passes where it is", () => {
  expect(judge(ownBackupInUse, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "The key backup is ours and in use" }),
  ]);
});

it("finds a stranger's", () => {
  expect(
    judge(ownBackupInUse, { backup: known({ version: "7", isTrusted: false, isInUse: false }) }),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "key backup 7 was made by somebody else",
      cure: expect.stringContaining("--replace-backup"),
      severity: "high",
    }),
  ]);
});

it("finds one that is not used", () => {
  expect(judge(ownBackupInUse, { backup: known({ version: "7", isTrusted: true, isInUse: false }) })).toEqual(
    [
      expect.objectContaining({
        result: "fail",
        message: "nothing is saved to key backup 7",
        severity: "medium",
      }),
    ],
  );
});

it("asks for no use where the policy asks for no backup", () => {
  expect(
    judge(
      ownBackupInUse,
      { backup: known({ version: "7", isTrusted: true, isInUse: false }) },
      { keyBackup: false },
    ),
  ).toEqual([expect.objectContaining({ result: "pass", message: "The key backup is ours and in use" })]);
});

it("has nothing to say where there is none", () => {
  expect(judge(ownBackupInUse, { backup: known(null) })).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "there is no key backup" }),
  ]);
});

it("passes none that the homeserver did not show", () => {
  expect(judge(ownBackupInUse, { backup: unread("504") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "504" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(ownBackupInUse, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
