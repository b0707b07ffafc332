import { createHash } from "node:crypto";
import { toSottoError } from "../../errors.ts";
import { sendReadReceipt, sendTyping } from "../../matrix/index.ts";
import type { EventId, RoomId } from "../../model/ids.ts";
import type { Job } from "../../model/job.ts";
import type { Account } from "../account.ts";
import { relayedFrom } from "../relay/relayed-from.ts";

type Place = { roomId: RoomId; eventId: EventId };

const DELIVERED = "✔";
const FAILED = "✖";
const TYPING_MS = 30_000;

/**
 * What the config lets a room see of our work, in clear. Nothing depends on it: one that fails, or that a crash
 * swallows, is not made up for.
 */
export class Signals implements Disposable {
  readonly #account: Account;
  readonly #told = new Set<string>();
  readonly #stop: () => void;

  constructor(account: Account) {
    this.#account = account;
    this.#stop = account.onJob({
      begun: ({ roomId }) => this.#typing(roomId, TYPING_MS),
      ended: (job) => {
        this.#typing(job.roomId, undefined);
        const origin = relayedFrom(job.source);
        if (origin) this.#settle(origin, account.store.inbox.has(origin.eventId));
      },
    });
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  /** Every route of its room has it. What goes on into other rooms is settled when it is there. */
  handed({ roomId, eventId }: Place): void {
    this.#settle({ roomId, eventId }, false);
    if (!this.#account.config.signals.receipts) return;
    this.#try("a read receipt", roomId, () => sendReadReceipt(this.#account.transport, roomId, eventId));
  }

  /** One route would never take it. */
  refused({ roomId, eventId }: Place): void {
    this.#react({ roomId, eventId }, FAILED);
  }

  #settle(place: Place, isWaiting: boolean): void {
    if (!this.#account.config.signals.reactions) return;
    const jobs = this.#account.store.jobs
      .ofSource(`${place.roomId}/${place.eventId}`)
      .filter(({ announces }: Job) => announces === undefined);
    if (jobs.some(({ state }) => state === "failed")) this.#react(place, FAILED);
    else if (!isWaiting && !this.#told.has(`${place.eventId} ${FAILED}`)) {
      if (jobs.every(({ state }) => state === "sent")) this.#react(place, DELIVERED);
    }
  }

  #react({ roomId, eventId }: Place, key: string): void {
    const { config, gate } = this.#account;
    const name = `${eventId} ${key}`;
    if (!config.signals.reactions || this.#told.has(name)) return;
    this.#told.add(name);
    // the same for the same message: a homeserver takes it once
    const txnId = createHash("sha256").update(name).digest("base64url");
    const relation = { rel_type: "m.annotation", event_id: eventId, key };
    this.#try("a reaction", roomId, () =>
      gate.putClear(roomId, txnId, "m.reaction", { "m.relates_to": relation }),
    );
  }

  #typing(roomId: RoomId, forMs: number | undefined): void {
    const { config, transport } = this.#account;
    const { userId } = config.account;
    if (config.signals.typing)
      this.#try("typing", roomId, () => sendTyping(transport, { roomId, userId, forMs }));
  }

  #try(what: string, roomId: RoomId, work: () => Promise<unknown>): void {
    if (this.#account.stops.error(roomId)) return;
    work().catch((thrown) => {
      const { code, message } = toSottoError(thrown);
      this.#account.logger.debug(`${what} was not sent`, { code, reason: message });
    });
  }
}
