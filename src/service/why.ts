import { SottoError } from "../errors.ts";
import type { DeviceId, EventId, RoomId, UserId } from "../model/ids.ts";
import type { LedgerEntry, SentJob } from "../model/job.ts";
import type { JobStore } from "../store/index.ts";
import type { Account } from "./account.ts";

/** What the ledger says of one event: who can play it, and why somebody cannot. */
export interface Why {
  eventId: EventId;
  roomId: RoomId;
  sessionId: string;
  /** The event's place in its session, from 0. */
  messageIndex: number;
  devices: DeviceAccount[];
}

export interface DeviceAccount {
  userId: UserId;
  /** Null for what holds for the user as a whole: `no-device`, `unreachable`. */
  deviceId: DeviceId | null;
  /** The homeserver was handed a key that opens this event. What became of it there, nobody tells us. */
  canRead: boolean;
  /** `shared`, the spec's withheld code, `keys-invalid`, `no-device` or `unreachable`. */
  outcome: string;
  /** Milliseconds since the epoch. */
  atMs: number;
  sentence: string;
}

/** @throws SottoError `EVENT_UNKNOWN`, or `NOT_IN_LEDGER` where nothing is left of what was asked for */
export function whyUnreadable(
  { store }: Account,
  eventId: EventId,
  only: { userId?: UserId; deviceId?: DeviceId } = {},
): Why {
  const { roomId, sessionId, messageIndex } = sentJob(store.jobs, eventId);
  const devices = store.ledger
    .entries(sessionId)
    .filter(({ userId }) => only.userId === undefined || userId === only.userId)
    .filter(({ deviceId }) => only.deviceId === undefined || deviceId === only.deviceId)
    .map((entry) => accountOf(entry, messageIndex));
  if (devices.length === 0) {
    const wanted = [only.userId, only.deviceId].filter(Boolean).join(" ") || "anybody";
    throw new SottoError("NOT_IN_LEDGER", `no key of this event was meant for ${wanted}`);
  }
  return { eventId, roomId, sessionId, messageIndex, devices };
}

/** @throws SottoError `EVENT_UNKNOWN` for what this store has not sent */
export function sentJob(jobs: JobStore, eventId: EventId): SentJob & { messageIndex: number } {
  const job = jobs.ofEvent(eventId);
  if (job?.state === "sent" && job.sessionId !== undefined && job.messageIndex !== undefined)
    return job as SentJob & { messageIndex: number };
  throw new SottoError(
    "EVENT_UNKNOWN",
    `${eventId} is no voice message that this store has sent, or not any that it still knows of`,
  );
}

function accountOf(entry: LedgerEntry, messageIndex: number): DeviceAccount {
  const { userId, deviceId, outcome, atMs, fromIndex } = entry;
  const canRead = outcome === "shared" && fromIndex !== undefined && fromIndex <= messageIndex;
  return { userId, deviceId, canRead, outcome, atMs, sentence: sentenceOf(entry, messageIndex, canRead) };
}

function sentenceOf(
  { outcome, atMs, fromIndex, before }: LedgerEntry,
  messageIndex: number,
  canRead: boolean,
): string {
  const at = new Date(atMs).toISOString();
  if (canRead) return `handed to the server at ${at}`;
  if (outcome !== "shared") return `${REASONS[outcome] ?? `withheld: ${outcome}`} (${at})`;
  const first = before === undefined ? "came later" : (EARLIER[before] ?? `was withheld: ${before}`);
  return (
    `${first}; has the session from message ${fromIndex} on (${at}), ` +
    `this event, message ${messageIndex}, stays unreadable to it`
  );
}

/** https://spec.matrix.org/v1.19/client-server-api/#mroom_keywithheld, and our own. */
const REASONS: Record<string, string> = {
  "m.unverified": "withheld: m.unverified (its owner has not signed it, or we have not verified its owner)",
  "m.blacklisted": "withheld: m.blacklisted (it is blocked here)",
  "m.no_olm": "withheld: m.no_olm (had no one-time key; gets the session for later events as soon as it has)",
  "keys-invalid":
    "keys-invalid: what the homeserver shows as its keys is damaged, or not signed by the device itself",
  "no-device": "no-device: the user has no device with keys",
  unreachable: "unreachable: the user's homeserver did not say which devices there are",
};
const EARLIER: Record<string, string> = {
  "m.no_olm": "had no one-time key",
  "m.unverified": "was not signed by its owner then",
};
