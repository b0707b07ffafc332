import type { RoomId } from "../model/ids.ts";
import { Serial } from "../serial.ts";

/** Lets one message at a time be sent in each room, and others things be done between two of them. */
export class Turns {
  readonly #sendNext: (roomId: RoomId) => Promise<boolean>;
  readonly #rooms = new Serial();
  /** Those that have not begun: they will see whatever is there by now. */
  readonly #queued = new Map<RoomId, Promise<void>>();
  /** The one that has begun in each room: the next waits for its end, so that a long queue has not one for each call. */
  readonly #begun = new Map<RoomId, Promise<void>>();

  /** @param sendNext - gives false where no more can be sent in the room for now */
  constructor(sendNext: (roomId: RoomId) => Promise<boolean>) {
    this.#sendNext = sendNext;
  }

  /** Resolves when what is in the room's queue now has been sent, or has to wait. */
  run(roomId: RoomId): Promise<void> {
    const queued = this.#queued.get(roomId);
    if (queued) return queued;
    const before = this.#begun.get(roomId);
    if (!before) return this.#begin(roomId);
    // what it failed with is told to whoever waits for it
    const running = before
      .catch(() => undefined)
      .then(() => {
        this.#queued.delete(roomId);
        return this.#begin(roomId);
      });
    this.#queued.set(roomId, running);
    return running;
  }

  /** Between two messages of the room. */
  between<T>(roomId: RoomId, work: () => Promise<T>): Promise<T> {
    return this.#rooms.run(roomId, work);
  }

  async settled(): Promise<void> {
    for (;;) {
      const running = [...this.#queued.values(), ...this.#begun.values()];
      if (running.length === 0) return;
      await Promise.allSettled(running);
    }
  }

  #begin(roomId: RoomId): Promise<void> {
    const running = this.#sendAll(roomId).finally(() => this.#begun.delete(roomId));
    this.#begun.set(roomId, running);
    return running;
  }

  async #sendAll(roomId: RoomId): Promise<void> {
    while (await this.#rooms.run(roomId, () => this.#sendNext(roomId)));
  }
}
