import { expect, it } from "vitest";
import { shareWithAll } from "../../../src/audit/rules/own-008-share-with-all.ts";
import { ROOM } from "../../support/facts.ts";
import { judge } from "./own.ts";

it("passes where they do", () => {
  expect(judge(shareWithAll, {})).toEqual([
    expect.objectContaining({
      result: "pass",
      message: "Our keys go to devices that their owners have signed",
    }),
  ]);
});

it("finds that they go to all", () => {
  expect(judge(shareWithAll, { settings: { shareWith: "all" } })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "room keys go to devices that nobody has signed",
      cure: expect.stringContaining("shareWith: signed"),
      subject: {},
    }),
  ]);
});

it("finds one room", () => {
  expect(
    judge(shareWithAll, {
      settings: { rooms: { [ROOM]: { shareWith: "all" }, "!other": { shareWith: "verified" } } },
    }),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "this room's keys go to devices that nobody has signed",
      subject: { roomId: ROOM },
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(shareWithAll, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
