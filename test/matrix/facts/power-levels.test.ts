import { describe, expect, it } from "vitest";
import { parseRoomState } from "../../../src/matrix/facts/room-state.ts";
import { ALICE, BOB, ROOM, state } from "../../support/store.ts";

const levels = (content: Record<string, unknown>, version = "11") =>
  parseRoomState(
    [state("m.room.create", { room_version: version }), state("m.room.power_levels", content)],
    ROOM,
  ).powerLevels;

describe("power levels", () => {
  it("have the spec's defaults where the event leaves them out", () => {
    expect(levels({})).toEqual({
      users: {},
      usersDefault: 0,
      events: {},
      eventsDefault: 0,
      stateDefault: 50,
      invite: 0,
      kick: 50,
      ban: 50,
      redact: 50,
      isSet: true,
    });
  });

  it("may be texts in rooms older than version 10, and count for nothing in others", () => {
    const content = { users: { [ALICE]: "100", [BOB]: " +7 " }, state_default: "100", ban: "soon" };
    expect(levels(content, "9")).toMatchObject({
      users: { [ALICE]: 100, [BOB]: 7 },
      stateDefault: 100,
      ban: 50,
    });
    expect(levels(content, "10")).toMatchObject({ users: {}, stateDefault: 50 });
  });

  it("may be texts in unknown versions as well, and written as homeservers in Python take them", () => {
    const content = {
      users: { [ALICE]: "1_00", [BOB]: "\u0661\u0660\u0660", "@eve:a": "\uff11\uff10" },
      ban: "1__0",
    };
    for (const version of ["9", "org.example.old"])
      expect(levels(content, version)).toMatchObject({
        users: { [ALICE]: 100, [BOB]: 100, "@eve:a": 10 },
        ban: 50,
      });
  });

  it("of any size are levels that can be compared", () => {
    const huge = JSON.parse(
      `{"users": {"${ALICE}": 1e400, "${BOB}": -1e300}, "events_default": 9007199254740993}`,
    );
    expect(levels(huge)).toMatchObject({
      users: { [ALICE]: Number.MAX_SAFE_INTEGER, [BOB]: Number.MIN_SAFE_INTEGER },
      eventsDefault: Number.MAX_SAFE_INTEGER,
    });
    expect(levels({ users_default: 0.5, kick: null, redact: [], invite: {} })).toMatchObject({
      usersDefault: 0,
      kick: 50,
      redact: 50,
      invite: 0,
    });
  });

  it("of names that every object has are nobody's", () => {
    const hostile = JSON.parse(
      '{"users": {"__proto__": 100, "constructor": 100}, "events": {"__proto__": 0}}',
    );
    const { users, events } = levels(hostile);
    expect(Object.keys(users)).toEqual([]);
    expect(Object.getPrototypeOf(events)).toBe(Object.prototype);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});
