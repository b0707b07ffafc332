import fc from "fast-check";
import { expect, it } from "vitest";
import {
  judgeGuarded,
  levelOf,
  neededForMessage,
  neededForState,
  standingAt,
} from "../../src/audit/powers.ts";
import { ALICE, BOT, roomState } from "../support/facts.ts";

const state = roomState();
const levels = state.powerLevels;
const EVE = "@eve:example.org";

it("knows a user's level, and the default", () => {
  expect(levelOf(state, ALICE)).toBe(100);
  expect(levelOf(roomState({ powerLevels: { ...levels, usersDefault: 7 } }), BOT)).toBe(7);
});

it("knows that the creator stands at 100 until somebody sets levels", () => {
  const unset = roomState({ powerLevels: { ...levels, users: {}, isSet: false } });
  expect([levelOf(unset, ALICE), levelOf(unset, BOT)]).toEqual([100, 0]);
});

it("puts privileged creators above every number", () => {
  const create = { ...state.create, version: "12", privilegedCreators: [EVE] };
  expect(levelOf(roomState({ create }), EVE)).toBeGreaterThan(Number.MAX_SAFE_INTEGER);
});

it("takes nothing for a level that an object has by nature", () => {
  expect(levelOf(state, "constructor")).toBe(0);
  expect(neededForState(levels, "constructor")).toBe(levels.stateDefault);
  expect(neededForMessage(levels, "toString")).toBe(levels.eventsDefault);
});

it("counts those who are in the room, and not those who are invited", () => {
  const invited = roomState({
    members: state.members.map((member) => ({ ...member, membership: "invite" })),
  });
  expect(standingAt(state, 100)).toEqual([ALICE]);
  expect(standingAt(invited, 0)).toEqual([]);
});

it("fails exactly what takes less than the policy's level, and names exactly who stands between", () => {
  const level = fc.integer({ min: -10, max: 150 });
  fc.assert(
    fc.property(level, level, fc.dictionary(fc.constantFrom(ALICE, BOT), level), (needed, guard, users) => {
      const room = roomState({ powerLevels: { ...levels, users, events: { "m.x": needed } } });
      const verdicts = judgeGuarded("m.x", room, guard);
      expect(verdicts.length).toBe(needed < guard ? 1 : 0);
      for (const { message } of verdicts)
        for (const userId of [ALICE, BOT]) {
          const at = levelOf(room, userId);
          expect(message.includes(userId)).toBe(at >= needed && at < guard);
        }
    }),
  );
});

it("judges a low guard less where nobody stands who could pass it", () => {
  const low = { ...levels, events: { ...levels.events, "m.room.join_rules": 50 } };
  expect(judgeGuarded("m.room.join_rules", roomState({ powerLevels: low }), 100)).toMatchObject([
    { result: "fail", severity: "low" },
  ]);
  const moderated = { ...low, users: { ...low.users, [BOT]: 50 } };
  expect(judgeGuarded("m.room.join_rules", roomState({ powerLevels: moderated }), 100)[0]).not.toHaveProperty(
    "severity",
  );
});
