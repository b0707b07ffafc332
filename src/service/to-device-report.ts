import type { Logger } from "../log.ts";
import type { SyncBatch } from "../model/sync.ts";

/** The server gives at most this many to-device messages at once: as many may mean that more wait. */
const TO_DEVICE_PAGE = 100;

/** True where the homeserver may have further to-device messages that it had for us already. */
export const mayHaveMore = ({ toDevice }: Pick<SyncBatch, "toDevice">): boolean =>
  toDevice.length >= TO_DEVICE_PAGE;

/** Says once for a whole flood, however many pages it fills, how much of it could not be used. */
export class ToDeviceReport {
  readonly #logger: Logger;
  #damaged = 0;
  #clearKeys = 0;

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  note(batch: SyncBatch, { damaged, clearKeys }: { damaged: number; clearKeys: number }): void {
    this.#damaged += damaged;
    this.#clearKeys += clearKeys;
    if (mayHaveMore(batch) || this.#damaged + this.#clearKeys === 0) return;
    this.#logger.warn("to-device messages could not be used", {
      damaged: this.#damaged,
      clearKeys: this.#clearKeys,
    });
    this.#damaged = 0;
    this.#clearKeys = 0;
  }
}
