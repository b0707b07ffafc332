import { describe, expect, it } from "vitest";
import type { Content } from "../../src/model/enforcement.ts";
import type { PowerLevels } from "../../src/model/room-facts.ts";
import { ALICE, BOT, known, ROOM, roomState, unread, user } from "../support/facts.ts";

import { clean, DAY_MS, eventsOf, type Given, LEVELS, only, planned, stepsOf } from "../support/planned.ts";

// Each fault leads to exactly its step. In these rooms our own account stands at 100, unless a test says otherwise.

describe("a room as the policy has it", () => {
  it("takes no step, and nothing is said of it", () => {
    expect(planned()).toEqual({ roomId: ROOM, steps: [], notes: [] });
  });
});

describe("a fault of the room's state", () => {
  const ENCRYPTION = {
    algorithm: "m.megolm.v1.aes-sha2",
    rotation_period_ms: 7 * DAY_MS,
    rotation_period_msgs: 100,
  };
  it.each<[string, Given, string[]]>([
    ["no encryption", { state: { encryption: null } }, [`m.room.encryption ${JSON.stringify(ENCRYPTION)}`]],
    [
      "history that the world may read",
      { state: { historyVisibility: "world_readable" } },
      ['m.room.history_visibility {"history_visibility":"shared"}'],
    ],
    [
      "history for later members, where the policy says joined",
      { state: { historyVisibility: "shared" }, rooms: { historyVisibility: "joined" } },
      ['m.room.history_visibility {"history_visibility":"joined"}'],
    ],
    [
      "a visibility that no client knows",
      { state: { historyVisibility: "everybody" } },
      ['m.room.history_visibility {"history_visibility":"shared"}'],
    ],
    [
      "anybody may join",
      { state: { joinRule: { rule: "public", allowedRooms: [] } } },
      ['m.room.join_rules {"join_rule":"invite"}'],
    ],
    ["guests", { state: { guestAccess: "can_join" } }, ['m.room.guest_access {"guest_access":"forbidden"}']],
    ["a place in the directory", { room: { isListed: known(true) } }, ["unlist"]],
  ])("%s: exactly its step", (_fault, given, steps) => {
    expect(stepsOf(given)).toEqual(steps);
  });

  it("is said where no step cures it: a join rule that needs to know more", () => {
    const { steps, notes } = planned({
      state: { joinRule: { rule: "public", allowedRooms: [] } },
      rooms: { joinRules: ["restricted"] },
    });
    expect(steps).toEqual([]);
    expect(notes).toEqual([expect.stringContaining("the join rule is public")]);
  });

  it("is none in a space without encryption: nobody talks there", () => {
    expect(stepsOf({ state: { encryption: null, create: { ...clean.create, type: "m.space" } } })).toEqual(
      [],
    );
  });

  it("is none where the policy asks for less", () => {
    const open = { joinRules: ["public"], guests: true, encryption: "optional" as const, listed: true };
    const state = {
      encryption: null,
      guestAccess: "can_join",
      joinRule: { rule: "public", allowedRooms: [] },
    };
    expect(stepsOf({ state, rooms: open, room: { isListed: known(true) } })).toEqual([]);
  });

  it("only turning encryption on cannot be undone", () => {
    expect(only({ state: { encryption: null } }).reversible).toBe(false);
    expect(only({ state: { guestAccess: "can_join" } }).reversible).toBe(true);
  });
});

describe("the levels that guard a room", () => {
  const weak = (change: Partial<PowerLevels>): Given => ({
    state: { powerLevels: { ...LEVELS, ...change } },
  });
  const levelsAfter = (given: Given): Content => {
    const { request } = only(given);
    if (request.kind !== "state" || request.type !== "m.room.power_levels") throw new Error(request.kind);
    return request.after;
  };

  it.each(["m.room.encryption", "m.room.history_visibility", "m.room.tombstone"])(
    "%s that takes less than the policy's level is raised to it, and all else stays",
    (type) => {
      const events = { ...LEVELS.events, [type]: 50 };
      expect(levelsAfter(weak({ events }))).toEqual(
        eventsOf(roomState({ powerLevels: LEVELS }))["m.room.power_levels"],
      );
    },
  );

  it("nobody may speak in clear who may not speak encrypted, by a higher level and not by a lower one", () => {
    expect(levelsAfter(weak({ events: { ...LEVELS.events, "m.room.encrypted": 30 } }))).toMatchObject({
      events: { "m.room.encrypted": 30, "m.room.message": 30 },
    });
  });

  it("the default level goes to 0; we keep ours, if the default was all we had", () => {
    expect(levelsAfter(weak({ usersDefault: 100, users: { [ALICE]: 100 } }))).toMatchObject({
      users_default: 0,
      users: { [ALICE]: 100, [BOT]: 100 },
    });
  });

  it("come before all other steps, so that nobody undoes these", () => {
    const state = { guestAccess: "can_join", encryption: null, powerLevels: { ...LEVELS, invite: -1 } };
    const { steps } = planned({ state });
    expect(steps.map(({ request }) => request.kind === "state" && request.type)).toEqual([
      "m.room.power_levels",
      "m.room.guest_access",
      "m.room.encryption",
    ]);
  });

  it("are out of our reach where we stand below: it is said who could", () => {
    const levels = { ...LEVELS, users: { [ALICE]: 100, [BOT]: 50 }, events: { "m.room.power_levels": 50 } };
    const { steps } = planned({ state: { powerLevels: levels, guestAccess: "can_join" } });
    expect(steps.map(({ blocked, needs, has }) => [needs, has, blocked])).toEqual([
      [100, 50, expect.stringContaining(`${ALICE} could`)],
      [50, 50, undefined],
    ]);
  });

  it("a creator of version 12 stands above them all", () => {
    const create = { ...clean.create, version: "12", sender: BOT, privilegedCreators: [BOT] };
    const powerLevels = { ...LEVELS, users: {}, events: {} };
    expect(only({ state: { create, powerLevels } })).toMatchObject({ has: "creator", needs: 100 });
    expect(only({ state: { create, powerLevels } }).blocked).toBeUndefined();
  });
});

describe("what clients would ignore", () => {
  const slow = { ...clean.encryption!, rotationPeriodMs: 30 * DAY_MS };

  it("another m.room.encryption is never planned: it is said what the state says, and what cures it", () => {
    const { steps, notes } = planned({ state: { encryption: slow } });
    expect(steps).toEqual([]);
    expect(notes).toEqual([expect.stringMatching(/state says rotation after 2592000000 ms.*--replace/)]);
  });

  it("the room is replaced where somebody asks for it: to policy, with its members and levels", () => {
    const step = only({ state: { encryption: slow }, replace: [ROOM] });
    expect(step).toMatchObject({ reversible: false, needs: 100 });
    expect(step.request).toMatchObject({
      kind: "replace",
      room: {
        encryption: { rotation_period_ms: 7 * DAY_MS, rotation_period_msgs: 100 },
        invite: [ALICE],
        powerLevels: { users: { [ALICE]: 100 } },
        predecessor: { roomId: ROOM, eventId: "$voice" },
      },
    });
  });

  it("a room that lacks nothing is not replaced, though somebody asks for it", () => {
    expect(stepsOf({ replace: [ROOM] })).toEqual([]);
  });

  it("an encrypted room is not replaced by a clear one", () => {
    const { request } = only({
      state: { encryption: slow },
      rooms: { encryption: "optional" },
      replace: [ROOM],
    });
    expect(request.kind === "replace" && request.room.encryption).not.toBeNull();
  });

  it.each<[string, Given, RegExp]>([
    ["federation", { rooms: { federated: false } }, /federated/],
    ["an old version", { rooms: { minVersion: 12 } }, /version is 11/],
    [
      "another's creation",
      { state: { create: { ...clean.create, version: "12", privilegedCreators: [ALICE] } } },
      /cannot be demoted/,
    ],
  ])("%s is said, and cured by another room only", (_fault, given, words) => {
    expect(planned(given).notes).toEqual([expect.stringMatching(words)]);
    expect(stepsOf({ ...given, replace: [ROOM] })).toEqual(["replace"]);
  });
});

describe("what is not known is not touched", () => {
  it("a room that we are not in", () => {
    const { steps, notes } = planned({ state: { guestAccess: "can_join", members: [] } });
    expect([steps, notes]).toEqual([[], [expect.stringMatching(/not in this room/)]]);
  });

  it.each<[string, Given, RegExp]>([
    ["a room that could not be read", { room: { state: unread("no answer") } }, /no answer/],
    ["a room whose events could not be read", { states: {} }, /could not be read/],
    [
      "a room that was changed in between",
      { states: { [ROOM]: { ...eventsOf(clean), "m.room.join_rules": { join_rule: "knock" } } } },
      /changed while it was read/,
    ],
  ])("%s", (_what, given, words) => {
    expect(planned({ state: { guestAccess: "can_join" }, ...given })).toEqual({
      roomId: ROOM,
      steps: [],
      notes: [expect.stringMatching(words)],
      isUnread: true,
    });
  });

  it.each<[string, Given, RegExp]>([
    ["what was said in it", { room: { timeline: unread("no answer") } }, /clear voice was not looked for/],
    ["whether it is listed", { room: { isListed: unread("no answer") } }, /^no answer$/],
    ["somebody's keys", { users: [user(ALICE, { devices: unread("no answer") })] }, /@alice.*no answer/],
  ])("%s: the rest is done, and nobody knows whether it is to policy", (_what, given, words) => {
    const { steps, notes, isUnread } = planned({ state: { guestAccess: "can_join" }, ...given });
    expect(steps).toHaveLength(1);
    expect(notes).toEqual([expect.stringMatching(words)]);
    expect(isUnread).toBe(true);
  });

  it("a room that was replaced is left as it is", () => {
    const tombstone = { successor: "!next:example.org", sender: ALICE };
    expect(stepsOf({ state: { tombstone, guestAccess: "can_join" } })).toEqual([]);
  });
});

describe("a plan", () => {
  it("is the same for the same facts, and a step's ID tells its request from others", () => {
    const given = { state: { guestAccess: "can_join", historyVisibility: "world_readable" } };
    expect(planned(given)).toEqual(planned(given));
    const ids = planned(given).steps.map(({ id }) => id);
    expect(new Set(ids).size).toBe(2);
  });
});
