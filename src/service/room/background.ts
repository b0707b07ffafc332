import { toSottoError } from "../../errors.ts";
import type { Logger } from "../../log.ts";

/**
 * Work that sync or the outbox sets off and nobody waits for: one run at a time, and one more where something came
 * meanwhile. Once it has ended it may be in the midst of something, as it may be when the process dies.
 */
export class Background implements Disposable {
  readonly #work: () => Promise<void>;
  readonly #logger: Logger;
  #running: Promise<void> | undefined;
  #isWanted = false;
  #isEnded = false;

  constructor(work: () => Promise<void>, logger: Logger) {
    this.#work = work;
    this.#logger = logger;
  }

  /** Resolves when what is there now has been looked at. Never rejects. */
  run(): Promise<void> {
    this.#isWanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  [Symbol.dispose](): void {
    this.#isEnded = true;
  }

  async #run(): Promise<void> {
    while (this.#isWanted && !this.#isEnded) {
      this.#isWanted = false;
      try {
        await this.#work();
      } catch (thrown) {
        const { code, message } = toSottoError(thrown);
        if (!this.#isEnded) this.#logger.warn("work behind the service failed", { code, reason: message });
      }
    }
  }
}
