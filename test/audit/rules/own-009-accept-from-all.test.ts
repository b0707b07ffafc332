import { expect, it } from "vitest";
import { acceptFromAll } from "../../../src/audit/rules/own-009-accept-from-all.ts";
import { ROOM } from "../../support/facts.ts";
import { judge } from "./own.ts";

it("passes where they are", () => {
  expect(judge(acceptFromAll, {})).toEqual([
    expect.objectContaining({
      result: "pass",
      message: "Messages are taken from devices that their owners have signed",
    }),
  ]);
});

it("finds that all are taken", () => {
  expect(judge(acceptFromAll, { settings: { acceptFrom: "all" } })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "messages are taken from devices that nobody has signed",
      cure: expect.stringContaining("acceptFrom: signed"),
      subject: {},
    }),
  ]);
});

it("finds one room", () => {
  expect(judge(acceptFromAll, { settings: { rooms: { [ROOM]: { acceptFrom: "all" } } } })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "this room's messages are taken from devices that nobody has signed",
      subject: { roomId: ROOM },
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(acceptFromAll, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
