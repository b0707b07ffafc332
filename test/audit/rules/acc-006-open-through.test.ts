import { expect, it } from "vitest";
import { openThrough } from "../../../src/audit/rules/acc-006-open-through.ts";
import { known, ROOM, room, roomState, unread } from "../../support/facts.ts";
import { noState, policy } from "./changed.ts";
import { judge } from "./judge.ts";

const rooms = (allowedRooms: string[], spaceRule = "invite") => ({
  rooms: [
    room({ state: known(roomState({ joinRule: { rule: "restricted", allowedRooms } })) }),
    room({
      roomId: "!space",
      state: known(roomState({ joinRule: { rule: spaceRule, allowedRooms: [] } })),
    }),
  ],
});
const ofRoom = (...args: Parameters<typeof judge>) =>
  judge(...args).filter(({ subject }) => subject.roomId === ROOM);

it("has nothing to judge where nobody joins through another room", () => {
  expect(ofRoom(openThrough)).toEqual([expect.objectContaining({ result: "not-applicable" })]);
});

it("passes a way through a closed room", () => {
  expect(ofRoom(openThrough, rooms(["!space"]))).toEqual([expect.objectContaining({ result: "pass" })]);
});

it("finds one through a public room, and takes just that one out", () => {
  expect(ofRoom(openThrough, rooms(["!space"], "public"))).toEqual([
    expect.objectContaining({
      result: "fail",
      message: "anybody can join through !space, which is public",
      cure: expect.stringContaining('{"join_rule":"invite"}'),
    }),
  ]);
  expect(ofRoom(openThrough, rooms(["!space", "!other"], "public"))[0]?.cure).toContain(
    '"allow":[{"type":"m.room_membership","room_id":"!other"}]',
  );
});

it("does not pass a room of which nothing is known", () => {
  expect(ofRoom(openThrough, rooms(["!elsewhere"]))).toEqual([
    expect.objectContaining({
      result: "not-checked",
      notAsked: true,
      message: expect.stringContaining("!elsewhere"),
    }),
  ]);
});

it("has failed where a room of the audit could not be read", () => {
  const dark = { rooms: [rooms(["!dark"]).rooms[0]!, room({ roomId: "!dark", state: unread("403") })] };
  expect(ofRoom(openThrough, dark)[0]).toMatchObject({ result: "not-checked" });
  expect(ofRoom(openThrough, dark)[0]).not.toHaveProperty("notAsked");
});

it("does not judge where the policy lets everybody in", () => {
  const open = policy({ joinRules: ["public", "restricted"] });
  expect(ofRoom(openThrough, rooms(["!space"], "public"), open)[0]?.result).toBe("not-applicable");
});

it("passes nothing that could not be read", () => {
  expect(ofRoom(openThrough, noState)[0]?.result).toBe("not-checked");
});
