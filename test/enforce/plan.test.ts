import { describe, expect, it } from "vitest";
import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import { makePlan, type PlanOptions } from "../../src/enforce/index.ts";
import type { Content, EnforcedState, RoomPlan, Step, Warning } from "../../src/model/enforcement.ts";
import type { UserFacts } from "../../src/model/facts.ts";
import type { Policy, RoomPolicy } from "../../src/model/policy.ts";
import type { Envelope, PowerLevels, RoomFacts, RoomState } from "../../src/model/room-facts.ts";
import {
  ALICE,
  BOT,
  device,
  facts,
  known,
  NOW_MS,
  ROOM,
  room,
  roomState,
  unread,
  user,
} from "../support/facts.ts";

// Each fault leads to exactly its step. In these rooms our own account stands at 100, unless a test says otherwise.

const DAY_MS = 86_400_000;
const clean = roomState();
const LEVELS: PowerLevels = { ...clean.powerLevels, users: { [ALICE]: 100, [BOT]: 100 } };

/** The events that make such a state. */
function eventsOf(state: RoomState): EnforcedState {
  const { users, usersDefault, events, eventsDefault, stateDefault, invite, kick, ban, redact, isSet } =
    state.powerLevels;
  const levels: Content = {
    ...{ users, users_default: usersDefault, events, events_default: eventsDefault },
    ...{ state_default: stateDefault, invite, kick, ban, redact },
  };
  return {
    "m.room.power_levels": isSet ? levels : null,
    "m.room.join_rules": { join_rule: state.joinRule.rule },
    "m.room.guest_access": { guest_access: state.guestAccess },
    "m.room.history_visibility": { history_visibility: state.historyVisibility },
    "m.room.encryption": state.encryption && { algorithm: state.encryption.algorithm },
  };
}

interface Given extends Partial<Omit<PlanOptions, "facts" | "policy">> {
  state?: Partial<RoomState>;
  room?: Partial<RoomFacts>;
  users?: UserFacts[];
  rooms?: Partial<RoomPolicy>;
  people?: Partial<Policy["people"]>;
}

function planned({ state: change, room: other, users, rooms, people, ...options }: Given = {}): RoomPlan {
  const state = roomState({ powerLevels: LEVELS, ...change });
  const { rooms: plans } = makePlan({
    facts: facts({ rooms: [room({ state: known(state), ...other })], ...(users && { users }) }),
    policy: {
      ...DEFAULT_POLICY,
      rooms: { ...DEFAULT_POLICY.rooms, ...rooms },
      people: { ...DEFAULT_POLICY.people, ...people },
    },
    states: { [ROOM]: eventsOf(state) },
    ...{ warnings: [], replace: [], purges: false, nowMs: NOW_MS },
    ...options,
  });
  return plans[0] ?? { roomId: ROOM, steps: [], notes: [] };
}

/** What a step asks for, in short. */
const short = ({ request }: Step): string =>
  request.kind === "state" ? `${request.type} ${JSON.stringify(request.after)}` : request.kind;
const stepsOf = (given: Given): string[] => planned(given).steps.map(short);
const only = (given: Given): Step => {
  const { steps } = planned(given);
  expect(steps).toHaveLength(1);
  return steps[0]!;
};

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

describe("clear voice in an encrypted room", () => {
  const envelope = (eventId: string, change: Partial<Envelope>): Envelope => ({
    ...{ eventId, type: "m.room.message", sender: BOT, sentMs: NOW_MS, msgtype: "m.audio", media: "clear" },
    ...change,
  });
  const encryption = envelope("$encryption", { type: "m.room.encryption", stateKey: "" });
  const timeline = (...envelopes: Envelope[]) => ({ timeline: known({ isWhole: true, envelopes }) });

  it("is redacted, the oldest first; what was said before, what is text, and what is gone is not", () => {
    const { steps } = planned({
      room: timeline(
        envelope("$late", {}),
        envelope("$gone", { isRedacted: true }),
        envelope("$text", { msgtype: "m.text" }),
        envelope("$soon", { sender: ALICE }),
        encryption,
        envelope("$before", {}),
      ),
    });
    expect(steps.map(({ request }) => request.kind === "redact" && request.eventId)).toEqual([
      "$soon",
      "$late",
    ]);
    expect(steps.every(({ reversible }) => !reversible)).toBe(true);
  });

  it("of others takes their level; ours may always go", () => {
    const powerLevels = { ...LEVELS, users: { [ALICE]: 100, [BOT]: 40 } };
    const given = { state: { powerLevels } };
    const { blocked } = only({ ...given, room: timeline(envelope("$a", { sender: ALICE }), encryption) });
    expect(blocked).toMatch(/takes level 50/);
    expect(only({ ...given, room: timeline(envelope("$b", {}), encryption) }).blocked).toBeUndefined();
  });

  it("what stays is said, less where media go too", () => {
    const given = { room: timeline(envelope("$a", {}), encryption) };
    expect(planned(given).notes.join()).toMatch(/redaction_retention_period.*media stay/);
    expect(planned({ ...given, purges: true }).notes.join()).not.toMatch(/media stay/);
  });

  it("is not taken for none where the past could not be read", () => {
    const { notes } = planned({ room: { timeline: unread("the homeserver was silent") } });
    expect(notes.join()).toMatch(/not looked for: the homeserver was silent/);
  });
});

describe("members with unsigned devices", () => {
  const careless = user(ALICE, { devices: known([device({ deviceId: "LAPTOP", isCrossSigned: false })]) });
  const users = [careless, user(BOT)];
  const told = (days: number, count: number): Warning[] => [
    { roomId: ROOM, userId: ALICE, firstMs: NOW_MS - days * DAY_MS, lastMs: NOW_MS - 5 * DAY_MS, count },
  ];
  const powerLevels = { ...LEVELS, users: { [BOT]: 100 } };
  const stepWith = (warnings: Warning[]) => only({ users, warnings, state: { powerLevels } });

  it("are told, then told again, and removed when the time of grace since the first notice is over", () => {
    expect(stepWith([]).request).toMatchObject({
      kind: "warn",
      users: [{ userId: ALICE, round: 1, devices: ["LAPTOP"] }],
    });
    expect(stepWith(told(5, 1)).request).toMatchObject({ kind: "warn", users: [{ round: 2 }] });
    expect(stepWith(told(8, 2)).request).toMatchObject({ kind: "kick", userId: ALICE });
  });

  it("are left alone between two notices, and never removed after one notice only", () => {
    const lately = told(1, 1).map((warning) => ({ ...warning, lastMs: NOW_MS - DAY_MS }));
    expect(stepsOf({ users, warnings: lately })).toEqual([]);
    expect(stepWith(told(30, 1)).request.kind).toBe("warn");
  });

  it("who stands as high as we do cannot be removed by us", () => {
    expect(only({ users, warnings: told(8, 2) }).blocked).toMatch(/takes level 101/);
  });

  it("are told of a missing identity too", () => {
    const without = [
      user(ALICE, { identity: known(null), devices: known([device({ isCrossSigned: false })]) }),
    ];
    expect(only({ users: without }).request).toMatchObject({ users: [{ devices: [] }] });
  });

  it("are not told in clear, and not where their devices could not be read", () => {
    expect(stepsOf({ users, state: { encryption: null }, rooms: { encryption: "optional" } })).toEqual([]);
    const unknown = [user(ALICE, { devices: unread("their homeserver is away") })];
    expect(planned({ users: unknown })).toMatchObject({
      steps: [],
      notes: [`${ALICE}: their homeserver is away`],
    });
  });

  it("who has signed by now begins anew", () => {
    const options = { policy: DEFAULT_POLICY, states: {}, replace: [], purges: false, nowMs: NOW_MS };
    const forgiven = makePlan({ ...options, facts: facts(), warnings: told(8, 2) });
    expect(forgiven.cleared).toEqual([{ roomId: ROOM, userId: ALICE }]);
    expect(makePlan({ ...options, facts: facts({ users }), warnings: told(8, 2) }).cleared).toEqual([]);
  });
});

describe("what is not known is not touched", () => {
  it.each<[string, Given, RegExp]>([
    ["a room that could not be read", { room: { state: unread("no answer") } }, /no answer/],
    ["a room that we are not in", { state: { members: [] } }, /not in this room/],
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
    });
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
