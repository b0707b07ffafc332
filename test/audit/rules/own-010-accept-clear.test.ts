import { expect, it } from "vitest";
import { acceptClear } from "../../../src/audit/rules/own-010-accept-clear.ts";
import { ROOM } from "../../support/facts.ts";
import { judge } from "./own.ts";

it("passes where none is", () => {
  expect(judge(acceptClear, {})).toEqual([
    expect.objectContaining({
      result: "pass",
      message: "No message is taken from a room without encryption",
    }),
  ]);
});

it("finds each room", () => {
  expect(
    judge(acceptClear, {
      settings: { rooms: { [ROOM]: { acceptClear: true }, "!other": { acceptClear: false } } },
    }),
  ).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "clear voice messages of this room are handed on",
      cure: expect.stringContaining("acceptClear"),
      subject: { roomId: ROOM },
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(acceptClear, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
