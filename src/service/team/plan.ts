import type { Fact } from "../../model/facts.ts";
import type { UserId } from "../../model/ids.ts";
import type { Policy } from "../../model/policy.ts";
import {
  type AccountState,
  type KeysOfMember,
  type PlannedRoom,
  type RoomOfTeam,
  roomPolicyOf,
  type Team,
  type TeamFacts,
  type TeamMember,
  type TeamMembership,
  type TeamPerson,
  type TeamPlan,
  type TeamRequest,
  type TeamRoom,
  type TeamStep,
} from "../../model/team.ts";
import { exceptionsMissing } from "./exceptions.ts";

export interface TeamPlanOptions {
  team: Team;
  policy: Policy;
  facts: TeamFacts;
  /** There is a token or a secret by which accounts can be made. */
  makesAccounts: boolean;
}

export const NO_DATABASE = {
  unread: "a homeserver shows each user only their own verifications: give --database",
  notAsked: true,
} as const;

/** What makes the team what its file says, and what only people can do. It asks and does nothing. */
export function planTeam(options: TeamPlanOptions): TeamPlan {
  const { team, policy, facts } = options;
  const rooms = team.rooms.map((room, at) => ({ room, read: facts.rooms[at]! }));
  const planned = rooms.map(({ room, read }) => ({
    ...{ room: room.key, name: room.name, roomId: read.roomId },
    called: read.roomId === null ? { value: null } : read.name,
    strangers: strangersIn(room, read, facts.by),
  }));
  return {
    schemaVersion: 1,
    team: team.team,
    by: facts.by,
    masterKey: facts.masterKey,
    outOfBand: team.outOfBand,
    steps: [
      ...team.members.flatMap((member) => accountStep(member, options)),
      ...rooms.flatMap(({ room, read }) => (read.roomId === null ? [makeStep(room, policy)] : [])),
      ...rooms.flatMap(({ room, read }) => renaming(room, read)),
      ...rooms.flatMap(({ room, read }) => invitations(room, read, facts)),
    ],
    rooms: planned,
    people: team.members.map((member) => personOf(member, options)),
    operator: [
      ...(facts.masterKey !== null
        ? []
        : [`${facts.by} has no identity that is proven here: see \`sotto identity status\``]),
      ...team.members.flatMap(({ userId }) => foundAccount(userId, rooms, facts)),
      ...planned.flatMap(({ name, called }) =>
        "unread" in called ? [`what "${name}" is called now is not checked: ${called.unread}`] : [],
      ),
      ...rooms.flatMap(({ room }, at) => strangersLines(room, planned[at]!, facts.by)),
      ...facts.others.map(
        ({ key, roomId }) =>
          `${roomId} was made as the room "${key}", which is in the file no more: it is left as it is`,
      ),
      ...rooms.flatMap(({ room, read: { roomId } }) => exceptionsMissing(policy, room, roomId)),
    ],
  };
}

const step = (request: TeamRequest, what: string, blocked?: string): TeamStep => ({
  id: Object.values(request).join(" "),
  ...{ what, request },
  ...(blocked !== undefined && { blocked }),
});

function accountStep(
  { userId }: TeamMember,
  { facts, makesAccounts }: Pick<TeamPlanOptions, "facts" | "makesAccounts">,
): TeamStep[] {
  const account = facts.accounts[userId]!;
  const request = { kind: "account", userId } as const;
  const what = `make the account ${userId}, its password in a file`;
  if ("unread" in account) return [step(request, what, account.unread)];
  if (account.value !== "missing") return [];
  const blocked = makesAccounts ? undefined : "give --admin-token-file or --registration-secret-file";
  return [step(request, what, blocked)];
}

function makeStep(room: TeamRoom, policy: Policy): TeamStep {
  const { encryption, federated, historyVisibility } = roomPolicyOf(policy, room);
  const how = [
    encryption === "required" ? "encrypted from its first events on" : "not encrypted",
    `history visible as "${historyVisibility}"`,
    ...(federated ? [] : ["of this homeserver only"]),
  ];
  return step({ kind: "room", room: room.key }, `make the room "${room.name}": ${how.join(", ")}`);
}

/** Somebody may have taken the name: whoever has not been in a room of the team yet is said to have an account. */
function foundAccount(
  userId: UserId,
  rooms: readonly { room: TeamRoom; read: RoomOfTeam }[],
  { accounts }: TeamFacts,
): string[] {
  const account = accounts[userId]!;
  if ("unread" in account || account.value !== "here") return [];
  const memberships = rooms
    .filter(({ room }) => room.members.includes(userId))
    .map(({ read }) => membershipIn(read, userId));
  const isNew = memberships.every((membership) => "value" in membership && membership.value === "none");
  if (memberships.length === 0 || !isNew) return [];
  return [`the account ${userId} is there already, and is invited as it is: make sure whose it is`];
}

function renaming({ key, name }: TeamRoom, read: RoomOfTeam): TeamStep[] {
  if (read.roomId === null || "unread" in read.name || read.name.value === name) return [];
  const now = read.name.value === null ? "has no name" : `is called "${read.name.value}"`;
  return [step({ kind: "name", room: key }, `give the name "${name}" to the room that ${now}`, read.closed)];
}

const INSIDE: readonly TeamMembership[] = ["join", "invite", "knock"];

function strangersIn({ members }: TeamRoom, read: RoomOfTeam, own: UserId): PlannedRoom["strangers"] {
  if (read.roomId === null) return { value: [] };
  if ("unread" in read.memberships) return read.memberships;
  const strangers = Object.entries(read.memberships.value)
    .filter(([userId, is]) => INSIDE.includes(is) && userId !== own && !members.includes(userId))
    .map(([userId, membership]) => ({ userId, membership }));
  return { value: strangers };
}

/** Nobody is removed because of a file: who is to go is for a person to say. */
function strangersLines({ name, guards }: TeamRoom, { strangers }: PlannedRoom, own: UserId): string[] {
  if ("unread" in strangers) return [`who else is in "${name}" is not checked: ${strangers.unread}`];
  const who = guards.length > 0 ? guards.join(" or ") : own;
  return strangers.value.map(
    ({ userId, membership }) =>
      `${userId} ${THERE[membership]} "${name}", but not by the file: nobody is removed by this; if they are to go, ${who} removes them in a client`,
  );
}

const THERE: Partial<Record<TeamMembership, string>> = {
  ...{ join: "is in", invite: "is invited to", knock: "asks to come into" },
};

/** Whoever has been in the room and left is asked again; whoever was banned is not. */
const OUTSIDE: readonly TeamMembership[] = ["none", "leave", "knock"];

function invitations(room: TeamRoom, read: RoomOfTeam, facts: TeamFacts): TeamStep[] {
  if (read.roomId !== null && "unread" in read.memberships) return [];
  return room.members
    .filter((userId) => {
      const membership = membershipIn(read, userId);
      return "value" in membership && OUTSIDE.includes(membership.value);
    })
    .map((userId) => {
      const account = facts.accounts[userId]!;
      const isGone = "value" in account && account.value === "deactivated";
      const closed = read.roomId === null ? undefined : read.closed;
      return step(
        { kind: "invite", room: room.key, userId },
        `invite ${userId} to "${room.name}"`,
        isGone ? "the account was deactivated" : closed,
      );
    });
}

function membershipIn(read: RoomOfTeam, userId: UserId): Fact<TeamMembership> {
  if (read.roomId === null) return { value: "none" };
  if ("unread" in read.memberships) return read.memberships;
  return { value: read.memberships.value[userId] ?? "none" };
}

function personOf(member: TeamMember, { team, facts }: TeamPlanOptions): TeamPerson {
  const { userId } = member;
  const account = facts.accounts[userId]!;
  const keys = facts.keys[userId]!;
  const rooms = team.rooms.flatMap((room, at) =>
    room.members.includes(userId)
      ? [{ name: room.name, room: room.key, membership: membershipIn(facts.rooms[at]!, userId) }]
      : [],
  );
  const of = <T>(pick: (value: KeysOfMember) => T): Fact<T> =>
    "unread" in keys ? keys : { value: pick(keys.value) };
  const loggedIn = loggedInOf(keys, facts.sessions[userId]!);
  const verifiedByUs = "unread" in keys ? keys : keys.value.verifiedByUs;
  const person = {
    ...member,
    ...{ account, loggedIn, verifiedByUs },
    masterKey: of(({ masterKey }) => masterKey),
    unsignedDevices: of(({ devices }) =>
      devices.filter(({ isSigned }) => !isSigned).map(({ deviceId }) => deviceId),
    ),
    rooms: rooms.map(({ room, membership }) => ({ room, membership })),
    verifiedBy: NO_DATABASE,
  };
  return { ...person, missing: missingOf(person, rooms, facts.by) };
}

function loggedInOf(keys: Fact<KeysOfMember>, sessions: Fact<number>): Fact<boolean> {
  if ("value" in keys && keys.value.devices.length > 0) return { value: true };
  if ("value" in sessions) return { value: sessions.value > 0 };
  if (!sessions.notAsked) return sessions;
  return "unread" in keys ? keys : { value: false };
}

/** There is no file of an account that was there already: its owner knows the password. */
const LOG_IN = "log in, and choose another password if it came in a file";

type Known = Omit<TeamPerson, "missing">;

function missingOf(
  { userId, account, loggedIn, masterKey, unsignedDevices, verifiedByUs }: Known,
  rooms: readonly { name: string; membership: Fact<TeamMembership> }[],
  by: UserId,
): string[] {
  const is = <T>(fact: Fact<T>, value: T): boolean => "value" in fact && fact.value === value;
  if (is<AccountState>(account, "missing")) return ["the account is not made yet"];
  if (is<AccountState>(account, "deactivated"))
    return ["the account was deactivated: take them out of the file, or have an administrator bring it back"];
  const unsigned = "value" in unsignedDevices ? unsignedDevices.value : [];
  const hasNoIdentity = is(masterKey, null);
  const inRooms = rooms.flatMap(({ name, membership }) => {
    if (is(membership, "invite")) return [`accept the invitation to "${name}"`];
    if (is(membership, "ban")) return [`banned from "${name}": lift it there, or take them out of the room`];
    return [];
  });
  if (is(loggedIn, false)) return [LOG_IN, ...inRooms];
  return [
    ...(hasNoIdentity ? ["set up cross-signing (a recovery key) in the client"] : []),
    ...(unsigned.length > 0 && !hasNoIdentity
      ? [`verify ${unsigned.join(", ")} from another device of theirs, or log it out`]
      : []),
    ...inRooms,
    ...(is(verifiedByUs, false) && !hasNoIdentity
      ? [`compare keys with ${by}: \`sotto verify ${userId}\`, or --fingerprint with the card's key`]
      : []),
  ];
}
