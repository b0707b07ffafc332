import type { HomeserverFacts } from "./homeserver-facts.ts";
import type { DeviceId, RoomId, UserId } from "./ids.ts";
import type { OwnFacts } from "./own-facts.ts";
import type { RoomFacts } from "./room-facts.ts";

/**
 * What was read; or, in a sentence, why it was not. Unread is never the same as "there is none". `notAsked`: nobody gave
 * the file or token that it takes, so nothing has failed.
 */
export type Fact<T> = { readonly value: T } | { readonly unread: string; readonly notAsked?: true };

/**
 * Everything an audit judges, as plain JSON: it can be saved and judged elsewhere. Whoever collects judges nothing, and
 * whoever judges reads nothing else.
 */
export interface Facts {
  schemaVersion: 1;
  /** Milliseconds since the epoch, by the collector's clock. */
  collectedMs: number;
  /** Whose account collected. */
  by: UserId;
  /** `admin`: every room of the homeserver, by its admin API. `member`: the rooms that the account is in. */
  scope: "member" | "admin";
  /** Names and IDs stand under pseudonyms: what is judged by them cannot be judged here. */
  isPseudonymous?: true;
  homeserver: HomeserverFacts;
  /** Sotto's own state; unread where facts were collected without its store. */
  own: Fact<OwnFacts>;
  /** In the order of their IDs. */
  rooms: RoomFacts[];
  /** Who is in one of those rooms or invited to it, each once, in the order of their IDs. */
  users: UserFacts[];
}

export interface UserFacts {
  userId: UserId;
  /** Where they are, or are invited to. */
  rooms: RoomId[];
  /** Null: the user has no cross-signing identity. https://spec.matrix.org/v1.19/client-server-api/#cross-signing */
  identity: Fact<IdentityFacts | null>;
  /** The homeserver shows no identity although this store has pinned one; `verified`: we had verified it. */
  lost?: "known" | "verified";
  /** Those with keys, and those that only the admin API shows. */
  devices: Fact<DeviceFacts[]>;
  /** What the admin API says of the account. */
  account: Fact<AccountFacts>;
}

export interface IdentityFacts {
  /** Unpadded base64, ed25519. */
  masterKey: string;
  /** The master key has signed the self-signing key. */
  isConsistent: boolean;
  /** Our own identity has signed this master key. Unread where ours is not known. */
  isVerifiedByUs: Fact<boolean>;
  /** It is another than the one this store had known and pinned. */
  change: Fact<"none" | "changed" | "changed-after-verification">;
}

export interface DeviceFacts {
  deviceId: DeviceId;
  /** Chosen by whoever logged in; everybody who shares a room can read it. */
  displayName?: string;
  /** Without keys it takes no part in encryption. */
  keys?: { ed25519: string; curve25519: string };
  /** What it published is signed by itself. */
  isSelfSigned: boolean;
  /** Its owner's self-signing key has signed it. */
  isCrossSigned: boolean;
  isDehydrated: boolean;
  /** From the admin API only. */
  lastSeenMs?: number;
}

export interface AccountFacts {
  isDeactivated: boolean;
  isAdmin: boolean;
  /** `bot`, `support`, or null for a person. */
  userType: string | null;
  /** The appservice the account belongs to. */
  appservice: string | null;
  createdMs: number;
}
