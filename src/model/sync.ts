import type { RoomEvent } from "./event.ts";
import type { RoomId, UserId } from "./ids.ts";

/** One room's part of a `/sync` answer. */
export interface RoomSync {
  roomId: RoomId;
  /** True when events are missing between the last batch and this one. */
  limited: boolean;
  prevBatch: string | undefined;
  /** State before the timeline begins. */
  state: RoomEvent[];
  timeline: RoomEvent[];
  /**
   * True when what the answer left out could not be fetched either: nobody knows who came and went, or what was sent.
   */
  hasGap?: boolean;
}

/**
 * What somebody who is not in a room is told of it. The inviter's homeserver writes it, but for our homeserver's own copy
 * of the invitation, which stands among the rest.
 * https://spec.matrix.org/v1.19/client-server-api/#stripped-state
 */
export interface StrippedState {
  type: string;
  state_key: string;
  sender: UserId;
  content: Record<string, unknown>;
}

/** A `/sync` answer, reduced to what Sotto acts on. https://spec.matrix.org/v1.19/client-server-api/#syncing */
export interface SyncBatch {
  nextBatch: string;
  joined: RoomSync[];
  /** Rooms the account was invited to. */
  invited: { roomId: RoomId; state: StrippedState[] }[];
  left: RoomSync[];
  /** The account's own data, as far as it was asked for. */
  accountData: { type: string; content: Record<string, unknown> }[];
  toDevice: unknown[];
  deviceLists: { changed: UserId[]; left: UserId[] };
  oneTimeKeyCounts: Record<string, number>;
  /** Undefined where the server does not say. */
  unusedFallbackKeyTypes: string[] | undefined;
  /** The server's own JSON, for the events of bots written for matrix-bot-sdk. */
  raw: unknown;
}
