import type { DeviceId, EventId, RoomId, UserId } from "./ids.ts";

/** Of `docs/enforce.schema.json`: raised when a reader of the old form would misread the new one. */
export const ENFORCEMENT_SCHEMA_VERSION = 1;

/** The content of a state event. */
export type Content = Record<string, unknown>;

/** State that enforcement sets, all with the empty state key. */
export const ENFORCED_TYPES = [
  "m.room.power_levels",
  "m.room.join_rules",
  "m.room.guest_access",
  "m.room.history_visibility",
  "m.room.encryption",
] as const;
export type EnforcedType = (typeof ENFORCED_TYPES)[number];

/** What stands there now, as it stands there; null where there is no such event. */
export type EnforcedState = Record<EnforcedType, Content | null>;

/** What one step asks of the homeserver. */
export type StepRequest =
  | { kind: "state"; type: EnforcedType; before: Content | null; after: Content }
  /** Out of the public directory. */
  | { kind: "unlist" }
  /** A clear voice message of after the encryption; with an administrator's token, its media too. */
  | { kind: "redact"; eventId: EventId; sender: UserId; purges: boolean }
  /** An encrypted notice to those whose devices are unsigned. `round` counts from 1. */
  | { kind: "warn"; users: WarnedUser[]; graceMs: number }
  | { kind: "kick"; userId: UserId; warnedMs: number; lacks: "identity" | "signatures" }
  /** A new room to policy, a tombstone in the old one, and an invitation for everybody. */
  | { kind: "replace"; room: NewRoom };

export interface WarnedUser {
  userId: UserId;
  round: number;
  /** Unsigned; none: the user has no cross-signing identity. */
  devices: DeviceId[];
}

/** What a room to policy begins with. */
export interface NewRoom {
  name: string | null;
  topic: string | null;
  /** The homeserver's default, unless that is older. */
  minVersion: number;
  isFederated: boolean;
  encryption: Content | null;
  historyVisibility: string;
  joinRule: Content;
  guestAccess: string;
  /** Without those who create it: a version decides whether creators may stand there. */
  powerLevels: Content;
  invite: UserId[];
  predecessor: { roomId: RoomId; eventId: EventId | null } | null;
  /** By which we find it again if the answer is lost. Homeservers can read it. */
  marker?: string;
}

export interface Step {
  /** The same for the same request to the same room: 12 hex digits. */
  id: string;
  roomId: RoomId;
  /** One sentence. */
  what: string;
  /** Whether `sotto enforce undo` can take it back. */
  reversible: boolean;
  request: StepRequest;
  /** The power level that it takes, and ours. */
  needs: number;
  has: number | "creator";
  /** Why our account may not do it, and who could. */
  blocked?: string;
}

export interface RoomPlan {
  roomId: RoomId;
  /** In the order in which they are done. */
  steps: Step[];
  /** What is not as the policy has it, and no step changes; or what a person should know. */
  notes: string[];
  /** It, or a part of it, could not be read: whether it is to policy nobody knows. */
  isUnread?: true;
}

/** What brings rooms to policy. Rooms without steps and notes are not in it. */
export interface EnforcementPlan {
  schemaVersion: typeof ENFORCEMENT_SCHEMA_VERSION;
  madeMs: number;
  by: UserId;
  rooms: RoomPlan[];
  /** Who was warned, and all is well by now, or they are gone. */
  cleared: { roomId: RoomId; userId: UserId }[];
}

/** A user who was told in a room that their devices are unsigned. */
export interface Warning {
  roomId: RoomId;
  userId: UserId;
  /** When the first notice was in the room. */
  firstMs: number;
  lastMs: number;
  count: number;
}

/** - `unconfirmed`: it cannot be undone, and nobody has typed the room's ID. `stale`: the room is not as planned any more. */
export const STEP_RESULTS = [
  ...(["done", "was-done", "blocked", "unconfirmed"] as const),
  ...(["failed", "stale", "not-tried"] as const),
] as const;
export type StepResult = (typeof STEP_RESULTS)[number];

export interface StepOutcome {
  step: Step;
  result: StepResult;
  /** Why not, or what stays. */
  message?: string;
}

/** `left`: it cannot be undone, or the room has been changed since. */
export const UNDO_RESULTS = ["undone", "left", "failed"] as const;

/** What was done, in the order in which it was begun. `begun`: nothing is known of its end. */
export interface EnforcementRecord {
  number: number;
  roomId: RoomId;
  state: "begun" | "done" | "failed" | "undone";
  step: Step;
  atMs: number;
}
