import { randomUUID } from "node:crypto";
import { isPassing, toSottoError } from "../../errors.ts";
import type { RoomId, UserId } from "../../model/ids.ts";
import type { Job, LedgerEntry } from "../../model/job.ts";
import type { Account } from "../account.ts";
import { readBack } from "../resend.ts";
import { sentJob } from "../why.ts";

/** Whoever was away for long gets the newest ones. */
const MOST_IN_A_ROOM = 20;

/**
 * `onMissed: resend`: a voice message that reached no device of somebody is sent again, once, when a device of theirs
 * has a key of the room. Whom it missed is noted when it is sent; the note goes with the message that is sent again.
 */
export class MissedVoice {
  readonly #account: Account;

  constructor(account: Account) {
    this.#account = account;
  }

  async look(): Promise<void> {
    const inRoom = new Map<RoomId, number>();
    const due: Job[] = [];
    for (const job of this.#account.store.jobs.missable()) {
      const before = inRoom.get(job.roomId) ?? 0;
      const missing = before < MOST_IN_A_ROOM ? this.#missing(job) : [];
      if (missing.length === 0) continue;
      inRoom.set(job.roomId, before + 1);
      if (missing.some((userId) => this.#isReached(userId, job))) due.push(job);
    }
    for (const job of due.reverse()) await this.#sendAgain(job);
  }

  /** Noted with the message, which is forgotten here where there are none. */
  #missing(job: Job): UserId[] {
    const { store, config } = this.#account;
    if (job.onMissed !== "resend") return JSON.parse(job.onMissed!) as UserId[];
    const entries = store.ledger.entries(job.sessionId!);
    const missing = whoMissed(entries, job.messageIndex!).filter((user) => user !== config.account.userId);
    store.jobs.setOnMissed(job.jobId, missing.length > 0 ? JSON.stringify(missing) : undefined);
    return missing;
  }

  #isReached(userId: UserId, { roomId, sessionId }: Job): boolean {
    const { ledger, rooms, sessions, successors } = this.#account.store;
    const current = successors.current(roomId);
    if (!rooms.members(current, ["join", "invite"]).includes(userId)) return false;
    // a key that was shared and has not carried an event yet stands under the room
    return [sessionId, current, sessions.outbound(current)?.sessionId]
      .flatMap((key) => (key === undefined ? [] : ledger.entries(key)))
      .some((entry) => entry.userId === userId && entry.outcome === "shared");
  }

  async #sendAgain({ jobId, eventId, roomId, source }: Job): Promise<void> {
    const { store, outbox, logger } = this.#account;
    const origin = store.originOf(":resend", eventId!);
    try {
      if (!store.jobs.jobsOf(origin)) {
        const content = await readBack(this.#account, sentJob(store.jobs, eventId!));
        const job = {
          roomId: store.successors.current(roomId),
          ...{ txnId: randomUUID(), state: "uploaded" as const, contentJson: JSON.stringify(content) },
          ...(source !== undefined && { source }),
        };
        await outbox.take([job], origin);
        logger.info("a voice message is sent again for somebody who missed it", { eventId, roomId });
      }
    } catch (thrown) {
      const error = toSottoError(thrown);
      logger.warn("a missed voice message is not sent again", { eventId, code: error.code });
      if (isPassing(error) || error.code === "TOKEN_REJECTED") return;
    }
    store.jobs.setOnMissed(jobId, undefined);
  }
}

/** Who was to get the event's key, and has no device that opens it. */
export function whoMissed(entries: readonly LedgerEntry[], messageIndex: number): UserId[] {
  const readers = new Set<UserId>();
  const meant = new Set<UserId>();
  for (const { userId, outcome, fromIndex, before } of entries) {
    const isShared = outcome === "shared";
    if (isShared && fromIndex !== undefined && fromIndex <= messageIndex) readers.add(userId);
    // a device that came later says nothing of who was there before
    if (!isShared || before !== undefined) meant.add(userId);
  }
  return [...meant].filter((userId) => !readers.has(userId));
}
