import type { RoomId } from "./ids.ts";

/** What rooms, people and the homeserver are held to. The file is `policy.yaml`; its schema is in config/. */
export interface Policy {
  rooms: RoomPolicy;
  /** What is different in some rooms. */
  except: Record<RoomId, Partial<RoomPolicy>>;
  people: PeoplePolicy;
  homeserver: HomeserverPolicy;
  own: OwnPolicy;
}

export interface RoomPolicy {
  encryption: "required" | "optional";
  rotation: { maxPeriodMs: number; maxMessages: number };
  /** The most that may be seen. */
  historyVisibility: "joined" | "invited" | "shared" | "world_readable";
  joinRules: string[];
  guests: boolean;
  /** False: local only. */
  federated: boolean;
  listed: boolean;
  /** The oldest room version. */
  minVersion: number;
  /** The power level that is needed at least to weaken a room. */
  guardLevel: number;
  inviteLevel: number;
  /** How many may stand at `guardLevel` or above. */
  maxGuards: number;
  /** Homeservers whose users may be members; empty: every one. */
  servers: string[];
  aliases: boolean;
  widgets: boolean;
  /** Protocols whose bridges may be in the room although they end its encryption. */
  bridges: string[];
  /** Whether reactions, which clients send in clear, are accepted. */
  reactions: boolean;
  /** Null: nothing is asked for. */
  maxRetentionMs: number | null;
  /** No room name, topic, alias or device name may hold one of these, whatever its case. */
  words: string[];
}

export interface PeoplePolicy {
  crossSigned: boolean;
  unsignedDevices: boolean;
  /** Everyone has to be verified by our own account. */
  verified: boolean;
  /** A device not seen for longer is stale. */
  staleAfterMs: number;
  maxDevices: number;
  /** How long enforcement warns before it removes. */
  graceMs: number;
}

export interface HomeserverPolicy {
  encryptionByDefault: boolean;
  openRegistration: boolean;
  maxTurnLifetimeMs: number;
  retention: boolean;
  telemetry: boolean;
  presence: boolean;
}

export interface OwnPolicy {
  keyBackup: boolean;
  /** How old the last recovery drill may be. */
  maxDrillAgeMs: number;
}

/** What holds for one room. */
export const policyFor = (policy: Policy, roomId: RoomId): RoomPolicy => ({
  ...policy.rooms,
  ...policy.except[roomId],
});
