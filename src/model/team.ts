import type { Fact } from "./facts.ts";
import type { DeviceId, RoomId, UserId } from "./ids.ts";
import type { Policy, RoomPolicy } from "./policy.ts";

/** Who belongs together, and the rooms they talk in. The file is `team.yaml`; its schema is in config/. */
export interface Team {
  /** The name of the team among those of our account. */
  team: string;
  /** Our own account, which makes the rooms and stands above them. */
  bot: UserId;
  /** How keys are compared, in the words of whoever wrote it; null where nothing is said. */
  outOfBand: string | null;
  members: TeamMember[];
  rooms: TeamRoom[];
}

export interface TeamMember {
  userId: UserId;
  /** The display name that the account begins with. */
  name: string | null;
}

export interface TeamRoom {
  /** The name of the room among those of the team. */
  key: string;
  name: string;
  topic: string | null;
  members: UserId[];
  /** Members who may change the room as we may. */
  guards: UserId[];
  /** What is different from the policy. */
  policy: Partial<RoomPolicy>;
}

export const roomPolicyOf = (policy: Policy, room: TeamRoom): RoomPolicy => ({
  ...policy.rooms,
  ...room.policy,
});

/** - `elsewhere`: another homeserver has the account. */
export type AccountState = "here" | "missing" | "deactivated" | "elsewhere";

export type TeamMembership = "join" | "invite" | "knock" | "ban" | "leave" | "none";

/** What was read of a room; `roomId` null: it is not made yet. */
export type RoomOfTeam =
  | { key: string; roomId: null }
  | {
      key: string;
      roomId: RoomId;
      /** What it is called now. */
      name: Fact<string | null>;
      memberships: Fact<Record<UserId, TeamMembership>>;
      /** Why nothing is done in it, if so. */
      closed?: string;
    };

/** What a team's plan is made of. */
export interface TeamFacts {
  by: UserId;
  /** Our own; null where it is not proven on this device. */
  masterKey: string | null;
  accounts: Record<UserId, Fact<AccountState>>;
  keys: Record<UserId, Fact<KeysOfMember>>;
  /** Devices that the admin API shows; unread without it. */
  sessions: Record<UserId, Fact<number>>;
  rooms: RoomOfTeam[];
  /** Rooms that were made of an earlier file. */
  others: { key: string; roomId: RoomId }[];
}

export interface KeysOfMember {
  /** Unpadded base64; null: no cross-signing identity. */
  masterKey: string | null;
  devices: { deviceId: DeviceId; isSigned: boolean }[];
  verifiedByUs: Fact<boolean>;
}

export type TeamRequest =
  | { kind: "account"; userId: UserId }
  | { kind: "room"; room: string }
  | { kind: "name"; room: string }
  | { kind: "invite"; room: string; userId: UserId };

export interface TeamStep {
  /** The same for the same request. */
  id: string;
  /** One sentence. */
  what: string;
  request: TeamRequest;
  /** Why it cannot be done now. */
  blocked?: string;
}

/** What holds of one member, and what only people can do about it. */
export interface TeamPerson extends TeamMember {
  account: Fact<AccountState>;
  /** A client has logged in. */
  loggedIn: Fact<boolean>;
  /** Null: no cross-signing identity. */
  masterKey: Fact<string | null>;
  unsignedDevices: Fact<DeviceId[]>;
  rooms: { room: string; membership: Fact<TeamMembership> }[];
  verifiedByUs: Fact<boolean>;
  /** Who of the team, our account among them, has verified this member. */
  verifiedBy: Fact<UserId[]>;
  /** One sentence each; what could not be read is not in it. */
  missing: string[];
}

export interface PlannedRoom {
  room: string;
  name: string;
  roomId: RoomId | null;
  /** What it is called now; null where it has no name, or is not made yet. */
  called: Fact<string | null>;
  /** Who is in it, is invited or asks to come in, and is not in it by the file; without our own account. */
  strangers: Fact<{ userId: UserId; membership: TeamMembership }[]>;
}

export interface TeamPlan {
  schemaVersion: 1;
  team: string;
  by: UserId;
  /** Our own, unpadded base64; null where it is not proven on this device. */
  masterKey: string | null;
  outOfBand: string | null;
  /** What `apply` does, in this order; none when only people can go on. */
  steps: TeamStep[];
  rooms: PlannedRoom[];
  people: TeamPerson[];
  /** What whoever runs this has to do themselves, one sentence each. */
  operator: string[];
}

export interface TeamOutcome {
  step: TeamStep;
  result: "done" | "was-done" | "blocked" | "failed" | "not-tried";
  message?: string;
}
