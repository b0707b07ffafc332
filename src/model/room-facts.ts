import type { Fact } from "./facts.ts";
import type { EventId, MxcUri, RoomId, UserId } from "./ids.ts";

/** What is known of one room. What the homeserver left out of an event is undefined; defaults are filled in where the spec names one. */
export interface RoomFacts {
  roomId: RoomId;
  state: Fact<RoomState>;
  timeline: Fact<Timeline>;
  /** Shown in the homeserver's public directory. */
  isListed: Fact<boolean>;
  /** MXC URIs that events named in clear, as the admin API lists them for a room. */
  clearMedia: Fact<MxcUri[]>;
}

/** The room's current state, as far as rules ask for it. https://spec.matrix.org/v1.19/client-server-api/#room-events */
export interface RoomState {
  create: Creation;
  /** Null where there is no `m.room.encryption`. */
  encryption: EncryptionSetting | null;
  /** Default `shared`. */
  historyVisibility: string;
  /** Default `forbidden`. */
  guestAccess: string;
  joinRule: JoinRule;
  powerLevels: PowerLevels;
  name: string | null;
  topic: string | null;
  avatarUrl: string | null;
  /** The canonical alias and its alternatives. */
  aliases: string[];
  tombstone: { successor: RoomId | null; sender: UserId } | null;
  /** `m.room.retention` (MSC1763). */
  retention: { minLifetimeMs?: number; maxLifetimeMs?: number } | null;
  /** Server name patterns of `m.room.server_acl`; null where there is none. */
  serverAcl: { allow: string[]; deny: string[] } | null;
  widgets: Widget[];
  bridges: Bridge[];
  /** Everyone with membership `join` or `invite`, `knock` too. */
  members: RoomMember[];
}

export interface Creation {
  sender: UserId;
  sentMs: number;
  /** Default `1`. */
  version: string;
  /** Room version 12 and later: who stands above every power level. https://spec.matrix.org/v1.19/rooms/v12/ */
  privilegedCreators: UserId[];
  isFederated: boolean;
  /** `m.space` and others; null for a room in which people talk. */
  type: string | null;
  predecessor: RoomId | null;
}

export interface EncryptionSetting {
  /** As it stands there, which may be anything. */
  algorithm: unknown;
  /** As they stand there; undefined means the spec's defaults, a week and 100. */
  rotationPeriodMs: unknown;
  rotationPeriodMsgs: unknown;
  eventId: EventId;
  sender: UserId;
  sentMs: number;
}

export interface JoinRule {
  /** Default `invite`. */
  rule: string;
  /** For `restricted` and `knock_restricted`: the rooms whose members may join. */
  allowedRooms: RoomId[];
}

/** Defaults filled in, as the spec says them for a room that has the event. */
export interface PowerLevels {
  users: Record<UserId, number>;
  usersDefault: number;
  events: Record<string, number>;
  eventsDefault: number;
  stateDefault: number;
  invite: number;
  kick: number;
  ban: number;
  redact: number;
  /** False: nobody has set any, and the creator alone stands at 100. */
  isSet: boolean;
}

export interface Widget {
  stateKey: string;
  type: string | null;
  name: string | null;
  url: string | null;
  sender: UserId;
}

/** `m.bridge` or `uk.half-shot.bridge` (MSC2346), or a member whose ID is a known bridge's. */
export interface Bridge {
  stateKey: string;
  /** `telegram`, `whatsapp` …, in lower case. */
  protocol: string;
  bot: UserId | null;
}

export interface RoomMember {
  userId: UserId;
  membership: "join" | "invite" | "knock";
  displayName?: string;
  /** When this membership began, or its last profile change. */
  sinceMs: number;
}

/** What can be read of the room's past without decrypting anything. */
export interface Timeline {
  /** The whole history was read, back to the room's creation or as far as the account may see. */
  isWhole: boolean;
  /** Newest first. */
  envelopes: Envelope[];
}

export interface Envelope {
  eventId: EventId;
  type: string;
  sender: UserId;
  sentMs: number;
  /** A state event's. */
  stateKey?: string;
  /** An encrypted event's: it groups a sender's messages by Megolm session. */
  sessionId?: string;
  /** A clear message's. */
  msgtype?: string;
  /** A clear message's `url` or `file`. */
  media?: "clear" | "encrypted";
  /** `m.relates_to`: its rel_type, or `m.in_reply_to`. */
  relation?: string;
  isRedacted?: true;
  /** A state event's, of which the content is kept: the homeserver says that it took the place of another. */
  isChange?: true;
  /** The content of a state event that guards encryption (`m.room.encryption`, `m.room.history_visibility`, `m.room.power_levels`, `m.room.join_rules`, `m.room.guest_access`), or of `m.room.avatar`. */
  content?: Record<string, unknown>;
}
