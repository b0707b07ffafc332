import { isVerificationEvent } from "../crypto/index.ts";
import type { Logger } from "../log.ts";
import type { RoomEvent } from "../model/event.ts";
import type { RoomId, UserId } from "../model/ids.ts";
import type { Store } from "../store/index.ts";

export interface ArrivalsOptions {
  store: Store;
  logger: Logger;
  /** Our own events are nobody's. */
  userId: UserId;
  acceptsClear?: (roomId: RoomId) => boolean;
}

/** What of a timeline's events is kept for whoever receives; called inside the transaction that moves the token. */
export class Arrivals {
  readonly #options: ArrivalsOptions;

  constructor(options: ArrivalsOptions) {
    this.#options = options;
  }

  keep(roomId: RoomId, event: RoomEvent): void {
    if (event.type === "m.room.redaction") this.#keepRedaction(roomId, event);
    if (event.sender === this.#options.userId) return;
    if (event.type === "m.room.encrypted") this.#put(roomId, event);
    else if (event.type === "m.room.message" && !isVerificationEvent(event)) this.#keepClear(roomId, event);
  }

  /** By whomever. Until room version 11 it says beside its content what it removes. */
  #keepRedaction(roomId: RoomId, event: RoomEvent & { redacts?: unknown }): void {
    const redacted = event.content.redacts ?? event.redacts;
    if (typeof redacted === "string") this.#options.store.redactions.add(roomId, redacted);
  }

  /** A clear message in an encrypted room is reported and never handed on. */
  #keepClear(roomId: RoomId, event: RoomEvent): void {
    const { store, logger, acceptsClear } = this.#options;
    const { event_id: eventId } = event;
    if (store.rooms.get(roomId)?.encryption)
      logger.warn("a clear message came into an encrypted room", { roomId, eventId });
    else if (acceptsClear?.(roomId)) this.#put(roomId, event);
  }

  #put(roomId: RoomId, event: RoomEvent): void {
    const { store, logger } = this.#options;
    if (store.inbox.add(roomId, event, Date.now())) return;
    const { event_id: eventId, sender } = event;
    logger.warn("an event larger than the spec allows is left out", { roomId, eventId, sender });
  }
}
