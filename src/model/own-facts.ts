import type { Fact } from "./facts.ts";
import type { DeviceId, RoomId, UserId } from "./ids.ts";

/** Sotto's own state: its account, its settings, and what it has seen of others. */
export interface OwnFacts {
  userId: UserId;
  deviceId: DeviceId;
  identity: Fact<{
    exists: boolean;
    isDeviceSigned: boolean;
    hasChanged: boolean;
    arePrivateKeysHere: boolean;
  }>;
  /** Null: there is no key backup. */
  backup: Fact<{ version: string; isTrusted: boolean; isInUse: boolean } | null>;
  /** When the recovery key was last tried, milliseconds since the epoch; null: never. */
  recoveryDrilledMs: Fact<number | null>;
  settings: {
    shareWith: "signed" | "verified" | "all";
    acceptFrom: "signed" | "verified" | "all";
    /** Rooms that differ from it. */
    rooms: Record<RoomId, { shareWith?: string; acceptFrom?: string; acceptClear?: boolean }>;
    rotation: { maxPeriodMs: number; maxMessages: number };
    /** What is shown to a room in clear, by room or route. */
    signals: { typing: boolean; receipts: boolean; reactions: boolean };
    requireSandbox: boolean;
    logLevel: string;
  };
  /** Devices whose newest key was not theirs when it was shared; `code` is the spec's withheld code, or ours. */
  withheld: { roomId: RoomId; userId: UserId; deviceId: DeviceId | null; code: string; atMs: number }[];
  /** Rooms that wait for a person. */
  held: { roomId: RoomId; userId: UserId; because: string }[];
  /** Messages that could not be decrypted and still cannot, by room. */
  undecryptable: Record<RoomId, number>;
  /** Given up, and of unknown outcome. */
  deadLetters: number;
  uncertain: number;
}
