import type { RoomId } from "../model/ids.ts";
import { Serial } from "../serial.ts";

/** Lets one message at a time be sent in each room, and others things be done between two of them. */
export class Turns {
  readonly #sendNext: (roomId: RoomId) => Promise<boolean>;
  readonly #rooms = new Serial();
  /** Those that have not begun: they will see whatever is there by now. */
  readonly #queued = new Map<RoomId, Promise<void>>();
  readonly #running = new Set<Promise<void>>();

  /** @param sendNext - gives false where no more can be sent in the room for now */
  constructor(sendNext: (roomId: RoomId) => Promise<boolean>) {
    this.#sendNext = sendNext;
  }

  /** Resolves when what is in the room's queue now has been sent, or has to wait. */
  run(roomId: RoomId): Promise<void> {
    const queued = this.#queued.get(roomId);
    if (queued) return queued;
    const running = this.#run(roomId);
    this.#queued.set(roomId, running);
    this.#running.add(running);
    return running.finally(() => this.#running.delete(running));
  }

  /** Between two messages of the room. */
  between<T>(roomId: RoomId, work: () => Promise<T>): Promise<T> {
    return this.#rooms.run(roomId, work);
  }

  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.allSettled(this.#running);
  }

  async #run(roomId: RoomId): Promise<void> {
    let hasMore = await this.#rooms.run(roomId, () => {
      this.#queued.delete(roomId);
      return this.#sendNext(roomId);
    });
    while (hasMore) hasMore = await this.#rooms.run(roomId, () => this.#sendNext(roomId));
  }
}
