import { setTimeout as delay } from "node:timers/promises";
import type { Crypto } from "../../crypto/index.ts";
import { toSottoError } from "../../errors.ts";
import type { Logger } from "../../log.ts";

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 600_000;
/** How often a backup that cannot be used is looked at again: its owner may have made another. */
const CHECK_AGAIN_MS = 3_600_000;
/** How long an account that closes waits for the batch under way: `send` shall not wait for a slow homeserver. */
const PATIENCE_MS = 2_000;

interface UploadsOptions {
  crypto: Pick<Crypto, "backup" | "onRoomKeys">;
  sync: { onBatch(listener: () => void): () => void; readonly isRunning: boolean };
  logger: Logger;
  /** A test has its own. Ends early, without an error, when the signal is aborted. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

const realSleep = (ms: number, signal: AbortSignal): Promise<void> =>
  delay(ms, undefined, { signal, ref: false }).catch(() => undefined);

/**
 * Keeps the key backup up to date, beside everything else: nothing waits for it. It begins with the first batch of a
 * sync and goes on whenever a room key comes or is made.
 */
export class BackupUploads {
  readonly #options: UploadsOptions;
  readonly #sleep: NonNullable<UploadsOptions["sleep"]>;
  /** From here on nothing is waited for but the upload under way. */
  readonly #closing = new AbortController();
  #isStopped = false;
  #isWanted = false;
  #checkedMs = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #running: Promise<void> | undefined;

  constructor(options: UploadsOptions) {
    this.#options = options;
    this.#sleep = options.sleep ?? realSleep;
    const forget = options.sync.onBatch(() => {
      forget();
      this.start();
    });
    options.crypto.onRoomKeys(() => this.start());
  }

  /** Uploads what the backup lacks, and what comes meanwhile. */
  start(): void {
    if (this.#closing.signal.aborted) return;
    this.#isWanted = true;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#isWanted) this.start(); // a key that came in the last moment
    });
  }

  /** Has everything in the backup that is here now, or throws why not. */
  async flush(): Promise<void> {
    const { backup } = this.#options.crypto;
    while (await backup.uploadNext());
  }

  /** Waits a moment for what is under way. */
  async stop(): Promise<void> {
    this.#closing.abort();
    const done = new AbortController();
    await Promise.race([this.#running, this.#sleep(PATIENCE_MS, done.signal)]);
    done.abort();
    this.#isStopped = true;
  }

  async #run(): Promise<void> {
    while (this.#isWanted && !this.#isStopped) {
      this.#isWanted = false;
      try {
        if (!(await this.#isEnabled())) return;
        while (!this.#isStopped && (await this.#options.crypto.backup.uploadNext()));
        this.#failures = 0;
      } catch (thrown) {
        this.#isWanted = await this.#goesOnAfter(thrown);
      }
    }
  }

  /** A device without the private key trusts the backup's signature, which only the homeserver can show it. */
  async #isEnabled(): Promise<boolean> {
    const { crypto, sync } = this.#options;
    if (await crypto.backup.isEnabled()) return true;
    // a command that does one thing and ends asks for no more than that
    if (!sync.isRunning || Date.now() - this.#checkedMs < CHECK_AGAIN_MS) return false;
    return (await this.#check()).uploading;
  }

  async #check() {
    const status = await this.#options.crypto.backup.check();
    this.#checkedMs = Date.now();
    if (status.trust === "refused") {
      this.#options.logger.warn(
        "the key backup is not ours and not signed by our identity: nothing is uploaded",
        {
          version: status.version,
        },
      );
    }
    return status;
  }

  async #goesOnAfter(thrown: unknown): Promise<boolean> {
    const { logger } = this.#options;
    let error = toSottoError(thrown);
    if (error.code === "BACKUP_CHANGED") {
      try {
        const { uploading, version } = await this.#check();
        logger.warn("the key backup has changed", { version, uploading });
        return uploading;
      } catch (further) {
        error = toSottoError(further);
      }
    }
    this.#failures += 1;
    const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
    const waitMs = Math.max(error.retryAfterMs ?? 0, pauseMs);
    logger.info("the key backup waits", { code: error.code, reason: error.message, waitMs });
    await this.#sleep(waitMs, this.#closing.signal);
    return !this.#closing.signal.aborted;
  }
}
