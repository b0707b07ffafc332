import { describe, expect, it } from "vitest";
import type { KeysOfMember, Team, TeamFacts, TeamMembership } from "../../../src/model/team.ts";
import { ALICE, BOT, known, unread } from "../../support/facts.ts";
import { BOB, keys, planOf, roomOf, team, teamFacts } from "../../support/team-facts.ts";

const stepsOf = (change: Partial<TeamFacts>, makesAccounts = true) =>
  planOf(teamFacts(change), { makesAccounts }).steps.map(({ id, blocked }) => [id, blocked !== undefined]);
const missingOf = (change: Partial<TeamFacts>) => planOf(teamFacts(change)).people[1]!.missing.join("; ");
const bob = (change: Partial<KeysOfMember>) => ({
  keys: { [ALICE]: known(keys()), [BOB]: known(keys(change)) },
});
const account = (state: TeamFacts["accounts"][string]) => ({
  accounts: { [ALICE]: known("here" as const), [BOB]: state },
});
const inRoom = (membership: TeamMembership) => ({ rooms: [roomOf({ [ALICE]: "join", [BOB]: membership })] });

describe("the steps of a team", () => {
  it("are none where nothing is missing, and nobody has to do anything", () => {
    const plan = planOf(teamFacts());
    expect(plan).toMatchObject({ steps: [], operator: [] });
    for (const { missing } of plan.people) expect(missing).toEqual([]);
  });

  it.each<[string, Partial<TeamFacts>, [string, boolean][]]>([
    ["an account", account(known("missing")), [[`account ${BOB}`, false]]],
    [
      "a room",
      { rooms: [{ key: "all", roomId: null }] },
      [
        ["room all", false],
        [`invite all ${ALICE}`, false],
        [`invite all ${BOB}`, false],
      ],
    ],
    ["whoever is not there", inRoom("none"), [[`invite all ${BOB}`, false]]],
    ["whoever has left", inRoom("leave"), [[`invite all ${BOB}`, false]]],
    ["whoever was banned", inRoom("ban"), []],
    ["whoever is invited", inRoom("invite"), []],
    [
      "an account that was deactivated",
      { ...account(known("deactivated")), ...inRoom("none") },
      [[`invite all ${BOB}`, true]],
    ],
    ["an account elsewhere", account(known("elsewhere")), []],
    ["an account that cannot be read", account(unread("403")), [[`account ${BOB}`, true]]],
    [
      "members that cannot be read",
      { rooms: [{ key: "all", roomId: "!r", name: unread("500"), memberships: unread("500") }] },
      [],
    ],
  ])("%s", (_what, change, steps) => expect(stepsOf(change)).toEqual(steps));

  it("is the name that the file has, and nothing in a room that is evacuated", () => {
    const read = roomOf({ [ALICE]: "join", [BOB]: "none" });
    expect(stepsOf({ rooms: [{ ...read, name: known("All") }] })).toEqual([
      ["name all", false],
      [`invite all ${BOB}`, false],
    ]);
    expect(stepsOf({ rooms: [{ ...read, name: unread("500") }] })).toEqual([[`invite all ${BOB}`, false]]);
    expect(stepsOf({ rooms: [{ ...read, name: known(null), closed: "the room is evacuated" }] })).toEqual([
      ["name all", true],
      [`invite all ${BOB}`, true],
    ]);
  });

  it("are blocked where nothing is given that makes accounts", () => {
    expect(stepsOf(account(known("missing")), false)).toEqual([[`account ${BOB}`, true]]);
  });
});

describe("what somebody has to do", () => {
  it.each<[string, Partial<TeamFacts>, RegExp]>([
    [
      "log in",
      bob({ devices: [], masterKey: null, verifiedByUs: known(false) }),
      /^log in, and choose another password/,
    ],
    [
      "set up an identity",
      bob({ masterKey: null, devices: [{ deviceId: "PHONE", isSigned: false }], verifiedByUs: known(false) }),
      /^set up cross-signing \(a recovery key\) in the client$/,
    ],
    ["sign a device", bob({ devices: [{ deviceId: "OLD", isSigned: false }] }), /^verify OLD from/],
    ["accept", inRoom("invite"), /^accept the invitation to "Everybody"$/],
    ["have a ban lifted", inRoom("ban"), /^banned from/],
    [
      "compare keys",
      bob({ verifiedByUs: known(false) }),
      /^compare keys with @voice:example.org: `sotto verify @bob/,
    ],
  ])("%s", (_what, change, sentence) => expect(missingOf(change)).toMatch(sentence));

  it("is not guessed where it could not be read", () => {
    const plan = planOf(teamFacts({ keys: { [ALICE]: known(keys()), [BOB]: unread("429") } }));
    expect(plan.people[1]).toMatchObject({
      missing: [],
      masterKey: unread("429"),
      loggedIn: unread("429"),
      verifiedByUs: unread("429"),
    });
    const sessions = { [ALICE]: known(1), [BOB]: unread("500") };
    const [, person] = planOf(teamFacts({ ...bob({ devices: [] }), sessions })).people;
    expect(person).toMatchObject({ missing: [], loggedIn: unread("500") });
  });

  it("is known of a login without keys too, by an administrator's token", () => {
    const change = {
      ...bob({ devices: [], masterKey: null }),
      sessions: { [ALICE]: known(1), [BOB]: known(1) },
    };
    expect(missingOf(change)).toMatch(/^set up cross-signing/);
  });
});

describe("whoever runs this", () => {
  const operator = (change: Partial<TeamFacts>, more: Partial<Team> = {}) =>
    planOf(teamFacts(change), { team: team(more) }).operator;
  const EVE = "@eve:example.org";

  it("hears who is in a room and not in the file; nobody is removed, and no step is of them", () => {
    const rooms = [roomOf({ [ALICE]: "join", [BOB]: "join", [BOT]: "join", [EVE]: "join" })];
    const plan = planOf(teamFacts({ rooms }));
    expect(plan.steps).toEqual([]);
    expect(plan.rooms[0]!.strangers).toEqual(known([{ userId: EVE, membership: "join" }]));
    expect(plan.operator.join()).toMatch(
      /^@eve:example.org is in "Everybody", but not by the file: nobody is removed/,
    );
    const without = team({ members: [{ userId: ALICE, name: null }] }).members;
    const [room] = team().rooms;
    const left = operator({}, { members: without, rooms: [{ ...room!, members: [ALICE], guards: [ALICE] }] });
    expect(left.join()).toMatch(/^@bob:example.org is in .*@alice:example.org removes them/);
    expect(operator({ rooms: [roomOf({ [ALICE]: "join", [BOB]: "join", [EVE]: "leave" })] })).toEqual([]);
    expect(operator({ rooms: [roomOf({ [ALICE]: "join", [BOB]: "join", [EVE]: "invite" })] })).toHaveLength(
      1,
    );
    expect(operator({ rooms: [{ ...rooms[0]!, memberships: unread("500") }] }).join()).toContain(
      "not checked",
    );
    expect(
      operator({ rooms: [{ ...roomOf({ [ALICE]: "join", [BOB]: "join" }), name: unread("500") }] }),
    ).toEqual(['what "Everybody" is called now is not checked: 500']);
  });

  it("hears of an account that was there before anybody invited it, and of a room of an earlier file", () => {
    expect(operator(inRoom("none")).join()).toMatch(/^the account @bob:example.org is there already/);
    expect(operator(inRoom("leave"))).toEqual([]);
    expect(operator({ others: [{ key: "old", roomId: "!old" }] }).join()).toContain(
      '!old was made as the room "old"',
    );
  });

  it("hears that our own identity is not proven, and what the policy does not know yet", () => {
    expect(planOf(teamFacts({ masterKey: null })).operator.join()).toContain(BOT);
    const rooms = [
      {
        ...team().rooms[0]!,
        policy: {
          guests: true,
          maxRetentionMs: 90_000,
          rotation: { maxPeriodMs: 86_400_000, maxMessages: 9 },
        },
      },
    ];
    const [said] = planOf(teamFacts(), { team: team({ rooms }) }).operator;
    expect(said).toContain(
      'except: { "!team:example.org": {"guests":true,"rotation":{"maxPeriod":"86400s","maxMessages":9},"maxRetention":"90s"} }',
    );
  });
});
