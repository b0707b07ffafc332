import { expect, it } from "vitest";
import { heldRooms } from "../../../src/audit/rules/own-015-held.ts";
import { BOT, ROOM } from "../../support/facts.ts";
import { judge } from "./own.ts";

it("passes where none does", () => {
  expect(judge(heldRooms, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "No room waits for a person" }),
  ]);
});

it("finds a changed identity", () => {
  expect(judge(heldRooms, { held: [{ roomId: ROOM, userId: BOT, because: "identity" }] })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "nothing is sent to this room: the identity of @voice:example.org has changed",
      cure: expect.stringContaining("sotto trust accept @voice:example.org"),
      subject: { roomId: ROOM, userId: BOT },
    }),
  ]);
});

it("finds a stranger", () => {
  expect(judge(heldRooms, { held: [{ roomId: ROOM, userId: BOT, because: "member" }] })).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "nothing is sent to this room: @voice:example.org is new there and was not accepted",
      cure: expect.stringContaining("--room !team:example.org"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(heldRooms, "no store")).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no store" }),
  ]);
});
