import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { sniffAudio } from "../audio/index.ts";
import { type ErrorCode, toSottoError } from "../errors.ts";
import {
  downloadClear,
  downloadToSpool,
  type ReceivedVoice,
  readVoiceContent,
  type VerifiedAttachment,
} from "../media/index.ts";
import type { VoiceDescription } from "../model/connector.ts";
import type { DecryptedEvent } from "../model/event.ts";
import type { EventId, RoomId, UserId } from "../model/ids.ts";
import type { WaitingEvent } from "../store/index.ts";
import type { Account } from "./account.ts";
import { isClear, latest, readClear } from "./received-event.ts";
import { MAX_ATTACHMENT_BYTES, requireTrust } from "./receiving-policy.ts";
import { RELAYED } from "./relayed.ts";
import { saveRecording } from "./save-recording.ts";
import { Untimely } from "./untimely.ts";
import { graceMs, keyTrouble, VERDICTS, type Withheld } from "./withheld.ts";

/**
 * A voice message that arrived, verified. Its recording waits as ciphertext on the disk, and can be had as often as it is
 * asked for, until the handler ends.
 */
export interface VoiceMessage extends VoiceDescription {
  /** Decrypted while it is read. */
  stream(): Readable;
  /** All of it in memory; `size` says how much that is. */
  bytes(): Promise<Uint8Array>;
  /**
   * Writes a file of mode 0600, which is whole and on the disk when it is there.
   *
   * @throws SottoError `FILE_EXISTS`; an error of the file system as it is
   */
  save(path: string): Promise<void>;
}

export interface Receiver {
  onVoice(message: VoiceMessage): void | Promise<void>;
  onWithheld(withheld: Withheld): void;
  /** Asked before anything is done with an event; every event when absent. The sender is the homeserver's word. */
  takes?(roomId: RoomId, eventId: EventId, sender: UserId): boolean;
  /** Asked before a voice message is fetched: one that is not taken stays for another receiver. */
  takesVoice?(roomId: RoomId, eventId: EventId): boolean;
  /** Told of each message that is no voice message, of whatever trust, before it leaves the inbox. */
  onText?(event: DecryptedEvent): void | Promise<void>;
}

/** One failure may be of one message; so many, one after another, are of the homeserver. */
const MOST_FAILURES_IN_A_ROW = 3;

/**
 * The receive corridor: an encrypted event becomes a verified recording in the handler's hands, and only then leaves
 * the inbox. Events whose key has not come, and those whose recording cannot be had now, stay for a later round and
 * stop nobody behind them. Gives the number of messages handed over.
 */
export async function receiveWaiting(
  account: Account,
  receiver: Receiver,
  limit = Number.POSITIVE_INFINITY,
): Promise<number> {
  // two receivers at once would hand out the same message twice
  return account.receiving.run("inbox", async () => {
    const untimely = untimelyOf(account);
    let handed = 0;
    let failures = 0;
    for (const waiting of account.store.inbox.waiting((eventId) => untimely.has(eventId))) {
      if (handed >= limit || failures >= MOST_FAILURES_IN_A_ROW) break;
      const { event_id: eventId, sender } = waiting.event;
      if (receiver.takes?.(waiting.roomId, eventId, sender) === false) continue;
      const outcome = await receiveOne(account, receiver, untimely, waiting);
      if (outcome === "handed") handed += 1;
      if (outcome === "failed") failures += 1;
      else if (outcome !== "waits") failures = 0;
    }
    return handed;
  });
}

const untimelyEvents = new WeakMap<Account, Untimely>();

function untimelyOf(account: Account): Untimely {
  const known = untimelyEvents.get(account);
  if (known) return known;
  const untimely = new Untimely();
  untimelyEvents.set(account, untimely);
  account.crypto.onRoomKeys((sessionIds) => untimely.keysArrived(sessionIds));
  return untimely;
}

type Outcome = "handed" | "done" | "waits" | "failed";

async function receiveOne(
  account: Account,
  receiver: Receiver,
  untimely: Untimely,
  waiting: WaitingEvent,
): Promise<Outcome> {
  const message = await open(account, receiver, untimely, waiting);
  if (message === "waits" || message === "failed") return message;
  if (message && !(await handOver(receiver, message))) return "waits";
  account.store.inbox.done(waiting.event.event_id);
  untimely.done(waiting.event.event_id);
  return message ? "handed" : "done";
}

/**
 * A handler that throws has not handled it: the event stays. `CONNECTOR_FAILED` says that those behind it may be handed
 * on meanwhile.
 */
async function handOver(receiver: Receiver, { attachment, ...description }: OpenedVoice): Promise<boolean> {
  await using recording = attachment;
  try {
    await receiver.onVoice({
      ...description,
      stream: () => recording.stream(),
      bytes: async () => await buffer(recording.stream()),
      save: (path) => saveRecording(path, recording.stream()),
    });
    return true;
  } catch (thrown) {
    if (toSottoError(thrown).code === "CONNECTOR_FAILED") return false;
    throw thrown;
  }
}

/**
 * The message; undefined for what is of no interest or must never be handed on; "waits" while its key, or a better
 * one, may still come; "failed" where what it needs could not be had.
 */
async function open(
  account: Account,
  receiver: Receiver,
  untimely: Untimely,
  waiting: WaitingEvent,
): Promise<OpenedVoice | "waits" | "failed" | undefined> {
  const { roomId, event } = waiting;
  const { event_id: eventId, sender } = event;
  const { keyArrivals } = untimely;
  try {
    const opened = isClear(waiting)
      ? readClear(account, waiting)
      : await account.crypto.decrypt(roomId, event);
    return await readVoice(account, receiver, waiting, opened);
  } catch (thrown) {
    const trouble = await keyTrouble(account, waiting, thrown);
    if (trouble) {
      awaitKey(account, receiver, untimely, { waiting, trouble, keyArrivals });
      return "waits";
    }
    const error = toSottoError(thrown);
    if (ENDS_THE_ROUND.has(error.code)) throw error;
    const kind = VERDICTS[error.code];
    if (kind === undefined) {
      account.logger.warn("a message waits", { eventId, code: error.code, reason: error.message });
      untimely.failed(eventId);
      return "failed";
    }
    report(account, receiver, { eventId, roomId, sender, kind, error });
    return undefined;
  }
}

/** A timer may be early by a fraction of a millisecond. */
const TIMER_SLACK_MS = 10;

/** The event stays. It is reported once its grace is over, and tried again whenever a key of its session comes. */
function awaitKey(
  account: Account,
  receiver: Receiver,
  untimely: Untimely,
  { waiting, trouble, keyArrivals }: { waiting: WaitingEvent; trouble: Withheld; keyArrivals: number },
): void {
  const { roomId, sessionId } = waiting;
  const { eventId, kind } = trouble;
  // another device of the account may have had the key, whatever kept it from this one
  if (kind !== "key-from-backup" && kind !== "unknown-device") account.missingKeys.want(roomId, sessionId);
  const restMs = untimely.hasWaited(eventId) ? 0 : graceMs(trouble, waiting, Date.now());
  if (waiting.reported !== kind && restMs > 0) {
    account.logger.info("a message waits for its room key", { eventId, roomId, kind });
    untimely.lacksKey(eventId, sessionId, keyArrivals, restMs);
    setTimeout(() => account.sync.wake(), restMs + TIMER_SLACK_MS).unref();
    return;
  }
  untimely.lacksKey(eventId, sessionId, keyArrivals);
  if (waiting.reported === kind) return;
  report(account, receiver, trouble);
  account.store.inbox.setReported(eventId, kind);
}

function report(account: Account, receiver: Receiver, withheld: Withheld): void {
  const { eventId, roomId, sender, kind, withheldCode, error } = withheld;
  account.withheldCounts[kind] = (account.withheldCounts[kind] ?? 0) + 1;
  account.logger.info("a message is not handed on", {
    ...{ eventId, roomId, sender, kind, withheldCode },
    ...{ reason: error.message, cure: error.cure },
  });
  try {
    receiver.onWithheld(withheld);
  } catch (thrown) {
    // whoever is told must not stop the messages behind this one
    account.logger.error("a listener failed", { reason: toSottoError(thrown).message });
  }
}

/** What every further message would meet too. A homeserver that is silent may be silent about one recording only. */
const ENDS_THE_ROUND = new Set<ErrorCode>(["TOKEN_REJECTED", "DISK_FULL"]);

type OpenedVoice = VoiceDescription & { attachment: VerifiedAttachment };

/** Undefined for anything that is not a voice message whose recording is as private as its room. */
async function readVoice(
  account: Account,
  receiver: Receiver,
  waiting: WaitingEvent,
  event: DecryptedEvent,
): Promise<OpenedVoice | "waits" | undefined> {
  const { eventId, roomId, sender, trust, unproven } = event;
  const { content, replaces } = latest(event, waiting.event.content["m.relates_to"]);
  const voice = event.type === "m.room.message" ? readVoiceContent(content) : undefined;
  if (!voice?.isVoice) {
    if (event.type === "m.room.message" && !isClear(waiting)) await receiver.onText?.(event);
    return undefined;
  }
  if (receiver.takesVoice?.(roomId, eventId) === false) return "waits";
  if (!isClear(waiting)) requireTrust(account.config, event);
  if (voice.problem) throw voice.problem;
  const attachment = await fetchRecording(account, voice, isClear(waiting));
  if (!attachment) return undefined;
  const beginning = await beginningOf(attachment).catch(async (error) => {
    await attachment[Symbol.asyncDispose]();
    throw error;
  });
  const { mimetype, extension } = sniffAudio(beginning);
  return {
    ...{ eventId, roomId, sender, trust },
    senderDeviceId: event.senderDeviceId,
    ...(unproven && { unproven }),
    sentMs: event.originServerTs,
    durationMs: voice.durationMs,
    waveform: voice.waveform,
    mimetype,
    extension,
    size: attachment.size,
    ...(RELAYED in event.content && { isRelayed: true as const }),
    ...(replaces !== undefined && { replaces }),
    attachment,
  };
}

/** A recording in clear is of interest in a clear room only. */
async function fetchRecording(
  { contentRepository, config }: Account,
  { file, url }: ReceivedVoice,
  isClear: boolean,
): Promise<VerifiedAttachment | undefined> {
  const where = {
    maxBytes: MAX_ATTACHMENT_BYTES,
    spoolPath: join(config.data, `attachment-${randomUUID()}`),
  };
  if (file) return downloadToSpool(contentRepository, file, where);
  return isClear && url ? downloadClear(contentRepository, url, where) : undefined;
}

/** One piece: at least what tells the format, also behind most tags. */
async function beginningOf(attachment: VerifiedAttachment): Promise<Uint8Array> {
  for await (const chunk of attachment.stream()) return chunk;
  return new Uint8Array();
}
