import { expect, it } from "vitest";
import { ownBackup } from "../../../src/audit/rules/own-005-backup.ts";
import { known, unread } from "../../support/facts.ts";
import { judge } from "./own.ts";

it("passes where it has one", () => {
  expect(judge(ownBackup, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Our account has a key backup" }),
  ]);
});

it("finds that it has none", () => {
  expect(judge(ownBackup, { backup: known(null) })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "our account has no key backup",
      cure: expect.stringContaining("sotto recovery create"),
    }),
  ]);
});

it("asks nothing where the policy does not", () => {
  expect(judge(ownBackup, { backup: known(null) }, { keyBackup: false })).toEqual([
    expect.objectContaining({ result: "not-applicable", message: "the policy does not ask for one" }),
  ]);
});

it("passes none that the homeserver did not show", () => {
  expect(judge(ownBackup, { backup: unread("504") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "504" }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(ownBackup, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
