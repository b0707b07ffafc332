import { expect, it } from "vitest";
import { roomListFederated } from "../../../src/audit/rules/srv-021-room-list-federated.ts";
import { unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where they cannot", () => {
  expect(judge(roomListFederated, {})).toEqual([
    expect.objectContaining({
      result: "pass",
      message: "Other homeservers cannot read the list of public rooms",
    }),
  ]);
});

it("finds that they can", () => {
  expect(judge(roomListFederated, config({ isPublicRoomListFederated: true }))).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "other homeservers can read the list of public rooms",
      cure: expect.stringContaining("allow_public_rooms_over_federation: false"),
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(judge(roomListFederated, { config: unread("no file") })).toEqual([
    expect.objectContaining({ result: "not-checked", message: "no file" }),
  ]);
});
