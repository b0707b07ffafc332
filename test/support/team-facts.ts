import { DEFAULT_POLICY } from "../../src/config/policy.ts";
import type { KeysOfMember, Team, TeamFacts, TeamMembership } from "../../src/model/team.ts";
import { planTeam, type TeamPlanOptions } from "../../src/service/team/plan.ts";
import { ALICE, BOT, known, ROOM } from "./facts.ts";

export const BOB = "@bob:example.org";

export const team = (change: Partial<Team> = {}): Team => ({
  ...{ team: "desk", bot: BOT, outOfBand: null },
  members: [ALICE, BOB].map((userId) => ({ userId, name: null })),
  rooms: [{ key: "all", name: "Everybody", topic: null, members: [ALICE, BOB], guards: [], policy: {} }],
  ...change,
});

export const keys = (change: Partial<KeysOfMember> = {}): KeysOfMember => ({
  masterKey: "M",
  devices: [{ deviceId: "PHONE", isSigned: true }],
  verifiedByUs: known(true),
  ...change,
});

export const roomOf = (memberships: Record<string, TeamMembership>) => ({
  ...{ key: "all", roomId: ROOM, name: known("Everybody") },
  memberships: known(memberships),
});

/** Of a team in which nothing is missing. */
export const teamFacts = (change: Partial<TeamFacts> = {}): TeamFacts => ({
  ...{ by: BOT, masterKey: "OURS" },
  accounts: { [ALICE]: known("here"), [BOB]: known("here") },
  sessions: {
    [ALICE]: { unread: "no token", notAsked: true },
    [BOB]: { unread: "no token", notAsked: true },
  },
  keys: { [ALICE]: known(keys()), [BOB]: known(keys()) },
  rooms: [roomOf({ [ALICE]: "join", [BOB]: "join", [BOT]: "join" })],
  others: [],
  ...change,
});

export const planOf = (facts: TeamFacts, more: Partial<TeamPlanOptions> = {}) =>
  planTeam({ team: team(), policy: DEFAULT_POLICY, makesAccounts: true, ...more, facts });
