import { expect, it } from "vitest";
import { roomList } from "../../../src/audit/rules/srv-020-room-list.ts";
import { known, unread } from "../../support/facts.ts";
import { config, judge } from "./server.ts";

it("passes where an account is asked for", () => {
  expect(judge(roomList, {})).toEqual([
    expect.objectContaining({ result: "pass", message: "Only users can read the list of public rooms" }),
  ]);
});

it("finds that none is", () => {
  expect(judge(roomList, { outside: { isDirectoryPublic: known(true) } })).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "anybody can read the list of public rooms, without an account",
      cure: expect.stringContaining("allow_public_rooms_without_auth: false"),
    }),
  ]);
});

it("finds it in the config", () => {
  expect(
    judge(roomList, {
      outside: { isDirectoryPublic: unread("504") },
      ...config({ isPublicRoomListOpen: true }),
    }),
  ).toEqual([
    expect.objectContaining({
      result: "warn",
      message: "anybody can read the list of public rooms, without an account",
    }),
  ]);
});

it("passes nothing that could not be read", () => {
  expect(
    judge(roomList, { outside: { isDirectoryPublic: unread("504") }, config: unread("no file") }),
  ).toEqual([expect.objectContaining({ result: "not-checked", message: "504; no file" })]);
});
