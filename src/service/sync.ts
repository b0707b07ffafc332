import type { Crypto } from "../crypto/index.ts";
import { SottoError, toSottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import { syncBatches, syncOnce, type Transport } from "../matrix/index.ts";
import type { RoomId, UserId } from "../model/ids.ts";
import type { SyncBatch } from "../model/sync.ts";
import { Serial } from "../serial.ts";
import type { Store } from "../store/index.ts";
import { Arrivals } from "./arrivals.ts";
import { GapFiller } from "./gaps.ts";
import { Standing } from "./standing.ts";
import type { StoreWatch } from "./store-watch.ts";
import { mayHaveMore, ToDeviceReport } from "./to-device-report.ts";

export interface SyncDriverOptions {
  transport: Transport;
  crypto: Crypto;
  store: Store;
  logger: Logger;
  userId: UserId;
  watch: Pick<StoreWatch, "syncTypes" | "check" | "requireOwnToken">;
  /** Rooms without encryption whose voice messages are taken all the same; none unless told. */
  acceptsClear?: (roomId: RoomId) => boolean;
}

type Listener = (batch: SyncBatch) => void | Promise<void>;
interface Waiter {
  resolve(): void;
  reject(error: SottoError): void;
}

/**
 * The one reader of `/sync`. A batch is first made durable (to-device messages in the engine, then rooms, waiting
 * events and the token in one transaction) and told to listeners after that.
 */
export class SyncDriver {
  readonly standing = new Standing();
  readonly #options: SyncDriverOptions;
  readonly #arrivals: Arrivals;
  readonly #gaps: GapFiller;
  readonly #toDevice: ToDeviceReport;
  readonly #listeners = new Set<Listener>();
  readonly #returnListeners = new Set<() => void>();
  readonly #serial = new Serial();
  readonly #stopping = new AbortController();
  /** Told that a room key came, too: an event of an earlier batch may be readable now. */
  readonly #waking = new Set<() => void>();
  #withAccountData = false;
  #loop: Promise<void> | undefined;
  /** Without a loop: the catching up that has not begun yet. */
  #next: Promise<void> | undefined;
  /** Why there will be no further batch. */
  #ended: SottoError | undefined;
  /** They wait for a request that has not begun yet. */
  #asking: Waiter[] = [];
  /** They wait for the answer to the request under way, which began after they asked. */
  #answering: Waiter[] = [];
  /** Aborted when somebody asks. */
  #asked = new AbortController();
  /** Ends when the listeners have heard of every batch so far. */
  #told: Promise<void> = Promise.resolve();

  constructor(options: SyncDriverOptions) {
    this.#options = options;
    this.#arrivals = new Arrivals(options);
    this.#gaps = new GapFiller(options);
    this.#toDevice = new ToDeviceReport(options.logger);
    options.crypto.onRoomKeys(() => this.wake());
  }

  /** Whoever waits for the next batch looks again at what is there. */
  wake(): void {
    for (const tell of this.#waking) tell();
  }

  /** Called after a batch is durable, with one batch after another. The returned function ends it. */
  onBatch(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Called when an answer comes again after a failure, before its batch. The returned function ends it. */
  onReturn(listener: () => void): () => void {
    this.#returnListeners.add(listener);
    return () => this.#returnListeners.delete(listener);
  }

  /** From the next request on the account's own data comes too: bots may listen to it. */
  wantAccountData(): void {
    this.#withAccountData = true;
  }

  /**
   * Applies everything the homeserver has for us up to now, or throws. "Now" is this call: an answer counts only if
   * its request began later, so that whoever has left before gets no key afterwards. Who asks meanwhile shares the
   * next request. A listener may call this.
   */
  toLiveEnd(): Promise<void> {
    if (this.#ended) return Promise.reject(this.#ended);
    if (this.#loop) {
      return new Promise((resolve, reject) => {
        this.#asking.push({ resolve, reject });
        this.#asked.abort();
      });
    }
    this.#next ??= this.#serial.run("sync", () => {
      this.#next = undefined;
      return this.#catchUp();
    });
    return this.#next;
  }

  get isRunning(): boolean {
    return this.#loop !== undefined && this.#ended === undefined;
  }

  /** Resolves when the listeners have heard of every batch so far. */
  heard(): Promise<void> {
    return this.#told;
  }

  /** Keeps syncing until `stop`. Passing failures are logged and waited out; a rejected token ends it with an error. */
  run(): Promise<void> {
    this.#loop ??= this.#serial.run("sync", () => this.#keepSyncing());
    return this.#loop;
  }

  /** Resolves when the loop has applied one more batch, at `wake` and when a room key comes, or at the abort. */
  nextBatch(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        remove();
        this.#waking.delete(done);
        signal.removeEventListener("abort", done);
        resolve();
      };
      const remove = this.onBatch(done);
      this.#waking.add(done);
      signal.addEventListener("abort", done);
      if (signal.aborted) done();
    });
  }

  async stop(): Promise<void> {
    this.#ended ??= new SottoError("STOPPED", "the account is closed");
    this.#stopping.abort(this.#ended);
    await this.#loop?.catch(() => undefined);
    await this.#serial.run("sync", async () => undefined);
    await this.#told;
  }

  async #catchUp(): Promise<void> {
    const { transport, store } = this.#options;
    const { signal } = this.#stopping;
    await this.#options.watch.requireOwnToken();
    for (;;) {
      signal.throwIfAborted();
      const since = store.syncToken();
      const withAccountData = this.#withAccountData;
      const accountDataTypes = this.#options.watch.syncTypes;
      const asked = { since, timeoutMs: 0, signal, withAccountData, accountDataTypes };
      const answer = await syncOnce(transport, asked);
      const batch = await this.#complete(answer, since, signal);
      await this.#makeDurable(batch);
      this.#tell(batch);
      await this.#drain();
      if (!mayHaveMore(batch)) return;
    }
  }

  async #keepSyncing(): Promise<void> {
    const driver = this;
    const { transport, store, logger } = this.#options;
    try {
      const batches = syncBatches(transport, {
        since: store.syncToken(),
        signal: this.#stopping.signal,
        logger,
        accountDataTypes: this.#options.watch.syncTypes,
        get withAccountData() {
          return driver.#withAccountData;
        },
        urgency: { begin: () => this.#begin(), signal: () => this.#asked.signal },
        prepare: () => this.#options.watch.requireOwnToken(),
        complete: (batch, since, signal) => this.#complete(batch, since, signal),
        onTrouble: (error) => {
          this.standing.trouble = error;
          if (error) this.#fail(error);
          else for (const listener of this.#returnListeners) listener();
        },
      });
      for await (const batch of batches) {
        await this.#makeDurable(batch);
        this.#answer(batch);
        // a slow listener slows the loop down, but one that sends waits for the loop itself
        await Promise.race([this.#tell(batch), aborted(this.#asked.signal)]);
      }
    } catch (thrown) {
      this.#ended ??= toSottoError(thrown);
      throw thrown;
    } finally {
      this.#ended ??= new SottoError("STOPPED", "sync has ended");
      this.#fail(this.#ended);
    }
  }

  #begin(): boolean {
    this.#answering = this.#asking.splice(0);
    this.#asked = new AbortController();
    return this.#answering.length > 0;
  }

  #answer(batch: SyncBatch): void {
    const waiters = this.#answering.splice(0);
    if (!mayHaveMore(batch)) {
      for (const { resolve } of waiters) resolve();
    } else if (waiters.length > 0) {
      this.#asking.unshift(...waiters);
      this.#asked.abort();
    }
  }

  #fail(error: SottoError): void {
    this.#asked = new AbortController();
    for (const { reject } of [...this.#answering.splice(0), ...this.#asking.splice(0)]) reject(error);
  }

  /** With what the answer left out, and only if this store may act on it. */
  async #complete(answer: SyncBatch, since: string | undefined, signal: AbortSignal): Promise<SyncBatch> {
    const batch = await this.#gaps.fill(answer, since, signal);
    await this.#options.watch.check(batch);
    return batch;
  }

  async #makeDurable(batch: SyncBatch): Promise<void> {
    const { crypto, store, userId } = this.#options;
    this.#toDevice.note(batch, await crypto.receive(batch));
    // a power cut may take this back, all of it with the token: then the homeserver says the same again
    const changes = store.soon(() => {
      const changed = store.rooms.apply(batch, userId);
      store.sessions.requireRotation(changed.rotate);
      crypto.encryptor.mustShare([...changed.share, ...changed.rotate]);
      for (const room of batch.joined) {
        for (const event of room.timeline) this.#arrivals.keep(room.roomId, event);
      }
      store.facts.mark(batch);
      store.setSyncToken(batch.nextBatch);
      return changed;
    });
    this.standing.advanced();
    for (const { roomId, sender, eventId } of changes.weakened) {
      const why = "a room's encryption was to be weakened; what was stricter still holds";
      this.#options.logger.warn(why, { roomId, sender, eventId });
    }
  }

  async #drain(): Promise<void> {
    await this.#options.crypto
      .drain()
      .catch((thrown) =>
        this.#options.logger.warn("key requests wait", { reason: toSottoError(thrown).message }),
      );
  }

  /** Tells the listeners of a batch when they have heard of those before it. */
  #tell(batch: SyncBatch): Promise<void> {
    this.#told = this.#told.then(async () => {
      await this.#drain();
      for (const listener of this.#listeners) {
        try {
          await listener(batch);
        } catch (thrown) {
          // the batch is durable: one listener's trouble must not end the sync of all
          this.#options.logger.error("a sync listener failed", { reason: toSottoError(thrown).message });
        }
      }
    });
    return this.#told;
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
