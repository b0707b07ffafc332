import fc from "fast-check";
import { expect, it } from "vitest";
import { waysThrough } from "../../src/audit/doors.ts";
import type { RoomFacts } from "../../src/model/room-facts.ts";
import { known, room, roomState, unread } from "../support/facts.ts";

const behind = (roomId: string, rule: string, ...allowedRooms: string[]): RoomFacts =>
  room({ roomId, state: known(roomState({ joinRule: { rule, allowedRooms } })) });
const restricted = (...allowedRooms: string[]) => ({ rule: "restricted", allowedRooms });

it("knows an open room, one behind another, and one of which nothing is known", () => {
  const rooms = [
    behind("!open", "public"),
    behind("!closed", "invite"),
    behind("!between", "knock_restricted", "!open", "!between"),
    room({ roomId: "!dark", state: unread("403") }),
  ];
  expect(waysThrough(restricted("!closed"), rooms)).toEqual({ open: [], unknown: [] });
  expect(waysThrough(restricted("!between", "!dark", "!elsewhere"), rooms)).toEqual({
    open: ["!open"],
    unknown: ["!dark", "!elsewhere"],
  });
});

it("ignores rooms that a rule names without going by them", () => {
  expect(waysThrough({ rule: "invite", allowedRooms: ["!open"] }, [behind("!open", "public")]).open).toEqual(
    [],
  );
});

it("ends, whichever room leads to which, and finds an open room exactly if one can be reached", () => {
  const names = ["!a", "!b", "!c", "!d", "!e"];
  const rules = fc.record({
    rule: fc.constantFrom("invite", "public", "restricted", "knock_restricted"),
    allowedRooms: fc.subarray(names),
  });
  fc.assert(
    fc.property(fc.array(rules, { minLength: 5, maxLength: 5 }), fc.subarray(names), (said, from) => {
      const rooms = said.map(({ rule, allowedRooms }, at) => behind(names[at]!, rule, ...allowedRooms));
      const reach = (roomId: string, steps: number): boolean => {
        const { rule, allowedRooms } = said[names.indexOf(roomId)]!;
        if (rule === "public") return true;
        return steps > 0 && rule !== "invite" && allowedRooms.some((next) => reach(next, steps - 1));
      };
      const isOpen = from.some((roomId) => reach(roomId, names.length));
      expect(waysThrough(restricted(...from), rooms).open.length > 0).toBe(isOpen);
    }),
    { numRuns: 100 },
  );
});
