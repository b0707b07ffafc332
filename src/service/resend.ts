import { SottoError, toSottoError } from "../errors.ts";
import { readVoiceContent } from "../media/index.ts";
import type { EventId } from "../model/ids.ts";
import { megolmMessageIndex } from "../model/megolm-message.ts";
import type { Account } from "./account.ts";
import { type Acceptance, type Receipt, receiptOf } from "./pipeline.ts";
import { sentJob } from "./why.ts";

/** Both events. */
export interface Resent extends Receipt {
  /** The one that was sent again. */
  of: EventId;
}

/**
 * Sends a voice message of ours again as a new event, under the key that the room's devices have now. Its content is
 * read back from the room: the outbox keeps none of what was sent.
 *
 * @throws SottoError `EVENT_UNKNOWN`, or `EVENT_UNAVAILABLE` where it cannot be read back, and what `send` throws
 */
export async function resend(
  account: Account,
  eventId: EventId,
  { accepting, accepted, isHeard }: Acceptance = {},
): Promise<Resent> {
  const job = sentJob(account.store.jobs, eventId);
  const { roomId } = job;
  account.stops.requireOpen(roomId);
  const content = await readBack(account, job);
  await accepting?.();
  const again = await account.outbox.accept(roomId, content);
  accepted?.();
  return { of: eventId, ...receiptOf(account, await account.outbox.send(again, isHeard)) };
}

/** @throws SottoError `EVENT_UNAVAILABLE` where it is not there any more; what another try may cure */
export async function readBack(account: Account, job: ReturnType<typeof sentJob>): Promise<object> {
  const { roomId, eventId, sessionId, messageIndex } = job;
  const unavailable = (cause: unknown) =>
    new SottoError("EVENT_UNAVAILABLE", `${eventId} cannot be read back from ${roomId}`, { cause });
  try {
    const event = await account.rooms.event(roomId, eventId);
    const { session_id: given, ciphertext } = event.content;
    // another of our messages in its place would reach people for whom it was not meant
    if (given !== sessionId || megolmMessageIndex(String(ciphertext)) !== messageIndex)
      throw unavailable("the homeserver gave another event in its place");
    const own = await account.crypto.decrypt(roomId, event);
    const isOurs = own.sender === account.config.account.userId && own.type === "m.room.message";
    if (!isOurs || !readVoiceContent(own.content)?.isVoice)
      throw unavailable("it is no voice message of ours");
    return own.content;
  } catch (thrown) {
    const error = toSottoError(thrown);
    // what another try may cure keeps its own code
    if (error.exitCode === 4 || KEPT.has(error.code)) throw error;
    throw unavailable(error);
  }
}

const KEPT = new Set(["EVENT_UNAVAILABLE", "TOKEN_REJECTED", "RATE_LIMITED", "DISK_FULL"]);
