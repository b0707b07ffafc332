import type { Crypto } from "../crypto/index.ts";
import { type SottoError, toSottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { syncBatches, syncOnce, type Transport } from "../matrix/index.ts";
import type { EventId, RoomId, UserId } from "../model/ids.ts";
import type { SyncBatch } from "../model/sync.ts";
import { Serial } from "../serial.ts";
import type { Store } from "../store/index.ts";

export interface SyncDriverOptions {
  transport: Transport;
  crypto: Crypto;
  store: Store;
  logger: Logger;
  userId: UserId;
}

type Listener = (batch: SyncBatch) => void | Promise<void>;

/** The server gives at most this many to-device messages at once: as many may mean that more wait. */
const TO_DEVICE_PAGE = 100;

/**
 * The one reader of `/sync`. A batch is first made durable (to-device messages in the engine, then rooms, waiting
 * events and the token in one transaction) and told to listeners after that.
 */
export class SyncDriver {
  readonly #options: SyncDriverOptions;
  readonly #listeners = new Set<Listener>();
  readonly #serial = new Serial();
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  /** True while the loop waits for news and the last answer was applied: we know what the server knows. */
  #live = false;
  #waitingForLive: { resolve(): void; reject(error: SottoError): void }[] = [];

  constructor(options: SyncDriverOptions) {
    this.#options = options;
  }

  /** Called after a batch is durable; the next one waits for it. The returned function ends it. */
  onBatch(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Applies everything the homeserver has for us up to now, or throws. */
  toLiveEnd(): Promise<void> {
    if (this.#live) return Promise.resolve();
    if (this.#loop) return new Promise((resolve, reject) => this.#waitingForLive.push({ resolve, reject }));
    return this.#serial.run("sync", async () => {
      for (;;) {
        const since = this.#options.store.syncToken();
        const { signal } = this.#stopping;
        const batch = await syncOnce(this.#options.transport, { since, timeoutMs: 0, signal });
        await this.#makeDurable(batch);
        await this.#tell(batch);
        if (batch.toDevice.length < TO_DEVICE_PAGE) return;
      }
    });
  }

  /** Keeps syncing until `stop`. Passing failures are logged and waited out; a rejected token ends it with an error. */
  run(): Promise<void> {
    this.#loop ??= this.#serial.run("sync", () => this.#keepSyncing());
    return this.#loop;
  }

  /** Resolves when the loop has applied one more batch, or when the signal is aborted. */
  nextBatch(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        remove();
        signal.removeEventListener("abort", done);
        resolve();
      };
      const remove = this.onBatch(done);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#loop?.catch(() => undefined);
    await this.#serial.run("sync", async () => undefined);
  }

  async #keepSyncing(): Promise<void> {
    const { transport, store, logger } = this.#options;
    const { signal } = this.#stopping;
    try {
      const onTrouble = (error: SottoError | undefined) => error && this.#lost(error);
      for await (const batch of syncBatches(transport, {
        since: store.syncToken(),
        signal,
        logger,
        onTrouble,
      })) {
        // between the answer and its end on the disk we know less than the server
        this.#live = false;
        await this.#makeDurable(batch);
        this.#live = true;
        for (const { resolve } of this.#waitingForLive.splice(0)) resolve();
        await this.#tell(batch);
      }
    } catch (thrown) {
      this.#lost(toSottoError(thrown));
      throw thrown;
    } finally {
      this.#live = false;
    }
  }

  #lost(error: SottoError): void {
    this.#live = false;
    for (const { reject } of this.#waitingForLive.splice(0)) reject(error);
  }

  async #makeDurable(batch: SyncBatch): Promise<void> {
    const { crypto, store, userId } = this.#options;
    await crypto.receive(batch);
    const changes = store.transaction(() => {
      const changed = store.rooms.apply(batch, userId);
      store.sessions.requireRotation(changed.rotate);
      for (const room of batch.joined) {
        for (const event of room.timeline) {
          if (event.sender === userId) continue;
          if (event.type === "m.room.encrypted") store.inbox.add(room.roomId, event, Date.now());
          else if (event.type === "m.room.message") this.#reportClear(room.roomId, event.event_id);
        }
      }
      store.setSyncToken(batch.nextBatch);
      return changed;
    });
    crypto.encryptor.mustShare([...changes.share, ...changes.rotate]);
  }

  async #tell(batch: SyncBatch): Promise<void> {
    const { crypto, logger } = this.#options;
    await crypto
      .drain()
      .catch((thrown) => logger.warn("key requests wait", { reason: toSottoError(thrown).message }));
    for (const listener of this.#listeners) {
      try {
        await listener(batch);
      } catch (thrown) {
        // the batch is durable: one listener's trouble must not end the sync of all
        logger.error("a sync listener failed", { reason: toSottoError(thrown).message });
      }
    }
  }

  /** A clear message in an encrypted room is reported and never handed on. */
  #reportClear(roomId: RoomId, eventId: EventId): void {
    if (this.#options.store.rooms.get(roomId)?.encryption) {
      this.#options.logger.warn("a clear message came into an encrypted room", { roomId, eventId });
    }
  }
}
