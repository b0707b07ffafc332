import { type ErrorCode, toSottoError } from "../errors.ts";
import { readVoiceContent } from "../media/index.ts";
import type { DecryptedEvent } from "../model/event.ts";
import type { EventId, RoomId, UserId } from "../model/ids.ts";
import type { WaitingEvent } from "../store/index.ts";
import type { Account } from "./account.ts";
import { isClear, latest, readClear } from "./received-event.ts";
import { requireTrust } from "./receiving-policy.ts";
import { RELAYED } from "./relayed.ts";
import { Untimely } from "./untimely.ts";
import { fetchRecording, messageOf, type OpenedVoice, type VoiceMessage } from "./voice-message.ts";
import { graceMs, keyTrouble, VERDICTS, type Withheld } from "./withheld.ts";

/** Who is told of what is in the inbox. */
export interface Listener {
  /** Asked first, of each event: one that is known is not even read. */
  knows?(eventId: EventId): boolean;
  /** Asked before anything is done with an event; every event when absent. The sender is the homeserver's word. */
  takes?(roomId: RoomId, eventId: EventId, sender: UserId): boolean;
  /** Asked before a voice message is fetched: one that is not taken stays for another receiver. */
  takesVoice?(roomId: RoomId, eventId: EventId): boolean;
  /** Told of each message that is no voice message, of whatever trust, before it leaves the inbox. */
  onText?(event: DecryptedEvent): void | Promise<void>;
  onWithheld(withheld: Withheld): void;
  /** Where it is there, no recording is fetched: a voice message that may be handed on stays, for {@link openWaiting}. */
  onWaiting?(roomId: RoomId, eventId: EventId): void;
}

/** Gets each voice message. */
export type Receiver = Listener & { onVoice(message: VoiceMessage): void | Promise<void>; onWaiting?: never };

/** Only hears what there is. */
export type Reader = Listener & Required<Pick<Listener, "onWaiting">> & { onVoice?: never };

/** One failure may be of one message; so many, one after another, are of the homeserver. */
export const MOST_FAILURES_IN_A_ROW = 3;

/**
 * The receive corridor: an encrypted event becomes a verified recording in the handler's hands, and only then leaves
 * the inbox. Events whose key has not come, and those whose recording cannot be had now, stay for a later round and
 * stop nobody behind them. Gives the number of messages handed over.
 */
export async function receiveWaiting(
  account: Account,
  receiver: Receiver | Reader,
  limit = Number.POSITIVE_INFINITY,
): Promise<number> {
  // two receivers at once would hand out the same message twice; a reader hands out none, and waits for nobody
  return account.receiving.run(receiver.onWaiting ? "reader" : "receiver", async () => {
    const untimely = untimelyOf(account);
    let handed = 0;
    let failures = 0;
    const isSkipped = (eventId: EventId) => untimely.has(eventId) || receiver.knows?.(eventId) === true;
    for (const waiting of account.store.inbox.waiting(isSkipped)) {
      if (handed >= limit || failures >= MOST_FAILURES_IN_A_ROW) break;
      const { event_id: eventId, sender } = waiting.event;
      if (receiver.takes?.(waiting.roomId, eventId, sender) === false) continue;
      const outcome = await receiveOne(account, receiver, waiting);
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

/** A handler that throws has not handled it: the event stays. */
async function receiveOne(
  account: Account,
  receiver: Receiver | Reader,
  waiting: WaitingEvent,
): Promise<Outcome> {
  const opened = await openWaiting(account, receiver, waiting);
  if (opened === "waits" || opened === "failed" || opened === "done") return opened;
  await using _recording = opened.attachment;
  await receiver.onVoice?.(messageOf(opened));
  done(account, waiting.event.event_id);
  return "handed";
}

/** It leaves the inbox, and never comes back. */
export function done(account: Account, eventId: EventId): void {
  account.store.inbox.done(eventId);
  untimelyOf(account).done(eventId);
}

/**
 * The message of one event, to be closed; "done" for what is of no interest or must never be handed on, and has left the
 * inbox; "waits" while its key, or a better one, may still come; "failed" where what it needs could not be had. Until
 * they are to be tried again, {@link receiveWaiting} passes over both.
 *
 * @throws SottoError what every further message would meet too
 */
export async function openWaiting(
  account: Account,
  listener: Listener,
  waiting: WaitingEvent,
): Promise<OpenedVoice | Exclude<Outcome, "handed">> {
  const { roomId, event } = waiting;
  const { event_id: eventId, sender } = event;
  const untimely = untimelyOf(account);
  const { keyArrivals } = untimely;
  try {
    const opened = isClear(waiting)
      ? readClear(account, waiting)
      : await account.crypto.decrypt(roomId, event);
    const voice = await readVoice(account, listener, waiting, opened);
    if (voice === undefined) done(account, eventId);
    return voice ?? "done";
  } catch (thrown) {
    const trouble = await keyTrouble(account, waiting, thrown);
    // whoever looked at it at the same time has said all there is to say
    if (!account.store.inbox.has(eventId)) return "done";
    if (trouble) {
      awaitKey(account, listener, untimely, { waiting, trouble, keyArrivals });
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
    report(account, listener, { eventId, roomId, sender, kind, error });
    done(account, eventId);
    return "done";
  }
}

/** A timer may be early by a fraction of a millisecond. */
const TIMER_SLACK_MS = 10;

/** The event stays. It is reported once its grace is over, and tried again whenever a key of its session comes. */
function awaitKey(
  account: Account,
  listener: Listener,
  untimely: Untimely,
  { waiting, trouble, keyArrivals }: { waiting: WaitingEvent; trouble: Withheld; keyArrivals: number },
): void {
  const { roomId, sessionId } = waiting;
  const { eventId, kind } = trouble;
  // another device of the account may have had the key, whatever kept it from this one
  if (kind !== "key-from-backup" && kind !== "unknown-device") account.missingKeys.want(roomId, sessionId);
  const restMs = untimely.hasWaited(eventId) ? 0 : graceMs(trouble, waiting, Date.now());
  const reported = account.store.inbox.get(eventId)?.reported;
  if (reported !== kind && restMs > 0) {
    account.logger.info("a message waits for its room key", { eventId, roomId, kind });
    untimely.lacksKey(eventId, sessionId, keyArrivals, restMs);
    setTimeout(() => account.sync.wake(), restMs + TIMER_SLACK_MS).unref();
    return;
  }
  untimely.lacksKey(eventId, sessionId, keyArrivals);
  if (reported === kind) return;
  report(account, listener, trouble);
  account.store.inbox.setReported(eventId, kind);
}

function report(account: Account, listener: Listener, withheld: Withheld): void {
  const { eventId, roomId, sender, kind, withheldCode, error } = withheld;
  account.withheldCounts[kind] = (account.withheldCounts[kind] ?? 0) + 1;
  account.logger.info("a message is not handed on", {
    ...{ eventId, roomId, sender, kind, withheldCode },
    ...{ reason: error.message, cure: error.cure },
  });
  try {
    listener.onWithheld(withheld);
  } catch (thrown) {
    // whoever is told must not stop the messages behind this one
    account.logger.error("a listener failed", { reason: toSottoError(thrown).message });
  }
}

/** What every further message would meet too. A homeserver that is silent may be silent about one recording only. */
const ENDS_THE_ROUND = new Set<ErrorCode>(["TOKEN_REJECTED", "DISK_FULL"]);

/** Undefined for anything that is not a voice message whose recording is as private as its room. */
async function readVoice(
  account: Account,
  listener: Listener,
  waiting: WaitingEvent,
  event: DecryptedEvent,
): Promise<OpenedVoice | "waits" | undefined> {
  const { eventId, roomId, sender, trust, unproven } = event;
  const { content, replaces } = latest(event, waiting.event.content["m.relates_to"]);
  const voice = event.type === "m.room.message" ? readVoiceContent(content) : undefined;
  if (!voice?.isVoice) {
    if (event.type === "m.room.message" && !isClear(waiting)) await listener.onText?.(event);
    return undefined;
  }
  if (listener.takesVoice?.(roomId, eventId) === false) return "waits";
  if (!isClear(waiting)) requireTrust(account.config, event);
  if (voice.problem) throw voice.problem;
  if (listener.onWaiting) {
    listener.onWaiting(roomId, eventId);
    return "waits";
  }
  const fetched = await fetchRecording(account, voice, isClear(waiting));
  return (
    fetched && {
      ...{ eventId, roomId, sender, trust },
      senderDeviceId: event.senderDeviceId,
      ...(unproven && { unproven }),
      sentMs: event.originServerTs,
      durationMs: voice.durationMs,
      waveform: voice.waveform,
      ...(RELAYED in event.content && { isRelayed: true as const }),
      ...(replaces !== undefined && { replaces }),
      ...fetched,
    }
  );
}
