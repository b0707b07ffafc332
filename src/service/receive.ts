import { sniffAudio } from "../audio/index.ts";
import { MissingRoomKey } from "../crypto/index.ts";
import { type ErrorCode, type SottoError, toSottoError } from "../errors.ts";
import { downloadVerified, readVoiceContent } from "../media/index.ts";
import type { DecryptedEvent, Trust } from "../model/event.ts";
import type { DeviceId, EventId, RoomId, UserId } from "../model/ids.ts";
import type { WaitingEvent } from "../store/index.ts";
import type { Account } from "./account.ts";
import { MAX_ATTACHMENT_BYTES, requireTrust } from "./receiving-policy.ts";

/** A voice message that arrived, verified and decrypted. */
export interface VoiceMessage {
  eventId: EventId;
  roomId: RoomId;
  sender: UserId;
  senderDeviceId: DeviceId | undefined;
  /** How far the sender is proven. */
  trust: Trust;
  /** Milliseconds since the epoch, by the sender's homeserver. */
  sentMs: number;
  durationMs: number | undefined;
  waveform: number[] | undefined;
  /** By content, not by what the sender says. */
  mimetype: string;
  extension: string;
  bytes: Uint8Array;
}

/** Something arrived that is not handed on. */
export interface Withheld {
  eventId: EventId;
  roomId: RoomId;
  sender: UserId;
  error: SottoError;
}

export interface Receiver {
  onVoice(message: VoiceMessage): void | Promise<void>;
  onWithheld(withheld: Withheld): void;
  /** Only this room; every room when absent. */
  roomId?: RoomId;
}

/**
 * The receive corridor: an encrypted event becomes a verified recording in the handler's hands, and only then leaves
 * the inbox. Events whose key has not come stay for the next round. Gives the number of messages handed over.
 */
export async function receiveWaiting(
  account: Account,
  receiver: Receiver,
  limit = Number.POSITIVE_INFINITY,
): Promise<number> {
  // two receivers at once would hand out the same message twice
  return account.receiving.run("inbox", async () => {
    let handed = 0;
    for (const waiting of account.store.inbox.waiting()) {
      if (handed >= limit) break;
      if (receiver.roomId !== undefined && waiting.roomId !== receiver.roomId) continue;
      if (await receiveOne(account, receiver, waiting)) handed += 1;
    }
    return handed;
  });
}

async function receiveOne(account: Account, receiver: Receiver, waiting: WaitingEvent): Promise<boolean> {
  const message = await open(account, receiver, waiting);
  if (message === "waits") return false;
  // a handler that throws has not handled it: the event stays
  if (message) await receiver.onVoice(message);
  account.store.inbox.done(waiting.event.event_id);
  return message !== undefined;
}

/** The message; undefined for what is of no interest or must not be handed on; "waits" while its key may still come. */
async function open(
  account: Account,
  receiver: Receiver,
  { roomId, event }: WaitingEvent,
): Promise<VoiceMessage | "waits" | undefined> {
  try {
    return await readVoice(account, await account.crypto.decrypt(roomId, event));
  } catch (thrown) {
    if (thrown instanceof MissingRoomKey && !thrown.withheldCode) return "waits";
    const error = toSottoError(thrown);
    if (ENDS_THE_ROUND.has(error.code)) throw error;
    if (!VERDICTS.has(error.code)) {
      account.logger.warn("a message waits", {
        eventId: event.event_id,
        code: error.code,
        reason: error.message,
      });
      return "waits";
    }
    receiver.onWithheld({ eventId: event.event_id, roomId, sender: event.sender, error });
    return undefined;
  }
}

/** What would be found again at every further try. */
const VERDICTS = new Set<ErrorCode>([
  "DECRYPT_FAILED",
  "SENDER_UNTRUSTED",
  "ATTACHMENT_INVALID",
  "ATTACHMENT_HASH_MISMATCH",
  "AUDIO_TOO_LARGE",
]);
/** What the next message would meet too. */
const ENDS_THE_ROUND = new Set<ErrorCode>([
  "HOMESERVER_UNREACHABLE",
  "RATE_LIMITED",
  "TOKEN_REJECTED",
  "DISK_FULL",
]);

/** Undefined for anything that is not a voice message with an encrypted attachment. */
async function readVoice(account: Account, event: DecryptedEvent): Promise<VoiceMessage | undefined> {
  const voice = event.type === "m.room.message" ? readVoiceContent(event.content) : undefined;
  if (!voice?.isVoice) return undefined;
  requireTrust(account.config, event);
  if (voice.problem) throw voice.problem;
  if (!voice.file) return undefined;
  const bytes = await downloadVerified(account.contentRepository, voice.file, MAX_ATTACHMENT_BYTES);
  const { mimetype, extension } = sniffAudio(bytes);
  return {
    eventId: event.eventId,
    roomId: event.roomId,
    sender: event.sender,
    senderDeviceId: event.senderDeviceId,
    trust: event.trust,
    sentMs: event.originServerTs,
    durationMs: voice.durationMs,
    waveform: voice.waveform,
    mimetype,
    extension,
    bytes,
  };
}
