import type { DeviceId, EventId, MxcUri, RoomId, UserId } from "./ids.ts";

/**
 * A voice message on its way.
 * - `accepted`: the recording lies sealed in the data directory; from here on it is sent whatever becomes of its origin.
 * - `encoded`: the attachment's ciphertext lies in the spool, its key in the job. A message whose sender waits begins
 *   here, and is sent whatever becomes of its sender.
 * - `uploaded`: the attachment is on the homeserver; nothing has reached the room.
 * - `encrypted`: the event is frozen; every repeat of the request is the same bytes under the same transaction ID.
 * - `sent`: the homeserver gave an event ID.
 * - `failed`: given up, with the reason; kept for a person to look at.
 */
export const JOB_STATES = ["accepted", "encoded", "uploaded", "encrypted", "sent", "failed"] as const;
export type JobState = (typeof JOB_STATES)[number];

export interface Job {
  jobId: number;
  /** Born with the job; scoped to this device. */
  txnId: string;
  roomId: RoomId;
  state: JobState;
  /**
   * The clear event content, JSON; without the attachment's `url` before it is uploaded. Of an accepted one, how its
   * recording becomes that. Sealed at rest; gone once sent.
   */
  contentJson: string | undefined;
  /** Where the attachment lies, if this job uploaded it. */
  mxcUri: MxcUri | undefined;
  /** The frozen `m.room.encrypted` content, JSON. */
  eventJson: string | undefined;
  sessionId: string | undefined;
  /** The message's place in the session, from 0. */
  messageIndex: number | undefined;
  /** When a request with this event may first have reached the server. */
  firstPutMs: number | undefined;
  eventId: EventId | undefined;
  errorCode: string | undefined;
  errorMessage: string | undefined;
  createdMs: number;
  /** The connector or room that brought it; none where its sender waits for it. */
  source: string | undefined;
  /** The sealed recording that it is to be made of. */
  recordingId: string | undefined;
  /** The transaction ID of the voice message that it announces. */
  announces: string | undefined;
  /**
   * Only of one that is to be sent again where somebody misses it: `resend` until it is sent and known whom it did not
   * reach, then these users, JSON.
   */
  onMissed: string | undefined;
}

/** An encrypted event from the moment on at which a request with it may reach the server. */
export interface FrozenEvent {
  /** The `m.room.encrypted` content, JSON, as every request carries it. */
  eventJson: string;
  sessionId: string;
  messageIndex: number;
  /** Milliseconds since the epoch. */
  firstPutMs: number;
}

/** A job whose event the homeserver has taken. */
export interface SentJob extends Job {
  state: "sent";
  sessionId: string;
  eventId: EventId;
}

/** What became of one device when a session's room key was shared. */
export interface Delivery {
  userId: UserId;
  /** Null for what holds for the user as a whole: `no-device`, `unreachable`. */
  deviceId: DeviceId | null;
  /**
   * - `shared`: handed to the homeserver;
   * - a withheld code of the spec, e.g. `m.unverified`, `m.no_olm`;
   * - `keys-invalid`: what the homeserver shows as the device's keys does not hold;
   * - `no-device`: the user has none; `unreachable`: the user's homeserver did not say which devices there are now.
   */
  outcome: string;
}

/** What the ledger keeps of it. */
export interface LedgerEntry extends Delivery {
  /** When the homeserver took it. */
  atMs: number;
  /** The first message of the session that the device can read; of `shared` only, once a message was sent. */
  fromIndex: number | undefined;
  /** What was said of the device before, under the same session. */
  before: string | undefined;
}
