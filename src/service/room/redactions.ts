import { isPassing, type SottoError, toSottoError } from "../../errors.ts";
import type { EventId, RoomId } from "../../model/ids.ts";
import type { Job } from "../../model/job.ts";
import type { Account } from "../account.ts";

/** What is redacted in a room is redacted where a relay has brought it, and does not go there if it is not there yet. */
export class FollowedRedactions {
  readonly #account: Account;
  #isTold = false;

  constructor(account: Account) {
    this.#account = account;
  }

  /** Goes on with all that are not followed yet. */
  async follow(): Promise<void> {
    const { store, logger } = this.#account;
    for (const { roomId, redacted } of store.redactions.all()) {
      try {
        if (await this.#followOne(roomId, redacted)) store.redactions.done(redacted);
      } catch (thrown) {
        const error = toSottoError(thrown);
        logger.warn("a redaction is not followed", { roomId, code: error.code, reason: error.message });
        if (!mayBeTriedAgain(error)) store.redactions.done(redacted);
      }
    }
  }

  /** False while one of its messages may be on its way. */
  async #followOne(roomId: RoomId, redacted: EventId): Promise<boolean> {
    const { store, routed } = this.#account;
    // it is not handed on any more, and what is being taken of it for another room is not taken
    if (store.inbox.has(redacted) && routed(roomId)) store.inbox.done(redacted);
    let isDone = true;
    for (const job of store.jobs.ofSource(`${roomId}/${redacted}`)) {
      if (job.state === "encrypted") isDone = false;
      else await this.#undo(job);
    }
    return isDone;
  }

  async #undo(job: Job): Promise<void> {
    const { gate, outbox, logger } = this.#account;
    if (job.state !== "sent") return void (await outbox.drop(job.jobId));
    if (gate.clearTypes.redactions)
      return void (await gate.redact(job.roomId, `${job.txnId}-r`, job.eventId!));
    if (this.#isTold) return;
    this.#isTold = true;
    logger.warn("what was redacted in one room stays in another: clearEvents.redactions does not allow it", {
      roomId: job.roomId,
    });
  }
}

const mayBeTriedAgain = (error: SottoError): boolean =>
  isPassing(error) || error.code === "SEND_UNCERTAIN" || error.code === "TOKEN_REJECTED";
