import type { EventId } from "../../model/ids.ts";

/** What several look at together is opened once, and closed when the last of them has done with it. */
export class Openings<T> {
  readonly #open = new Map<EventId, { opened: Promise<T>; users: number }>();
  readonly #close: (opened: T) => Promise<void>;

  constructor(close: (opened: T) => Promise<void>) {
    this.#close = close;
  }

  async use<R>(eventId: EventId, open: () => Promise<T>, work: (opened: T) => Promise<R>): Promise<R> {
    const shared = this.#open.get(eventId) ?? { opened: open(), users: 0 };
    this.#open.set(eventId, shared);
    shared.users += 1;
    try {
      return await work(await shared.opened);
    } finally {
      shared.users -= 1;
      if (shared.users === 0) {
        this.#open.delete(eventId);
        await shared.opened.then(this.#close, () => undefined);
      }
    }
  }
}
