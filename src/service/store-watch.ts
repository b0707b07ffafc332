import { createHash, randomUUID } from "node:crypto";
import { SottoError } from "../errors.ts";
import type { RoomEvent } from "../model/event.ts";
import type { DeviceId, UserId } from "../model/ids.ts";
import { megolmMessageIndex } from "../model/megolm-message.ts";
import type { AccountData, OneStore } from "../model/ports.ts";
import type { SyncBatch } from "../model/sync.ts";
import type { Epoch, Store } from "../store/index.ts";

export interface StoreWatchOptions {
  store: Store;
  accountData: AccountData;
  userId: UserId;
  deviceId: DeviceId;
  accessToken: string;
  /** Asks the homeserver whose the access token is. */
  whoami(): Promise<{ userId: UserId; deviceId: DeviceId | undefined }>;
}

/**
 * The account data that names the latest use of this device's store: `{epoch, instance}`. `.alt` is the top level that
 * RFC 9476 keeps out of the DNS, so that nobody's domain is claimed.
 */
export const epochType = (deviceId: DeviceId): string => `alt.sotto.store.${deviceId}`;

/**
 * Finds out that this store is an old copy, or that another copy of it is in use, before a ratchet moves: the account's
 * own data holds a number that each use raises, and an instance that each start draws anew. A copy that was put back
 * within one run has the right number; it is known by events of this device that it has not sent.
 */
export class StoreWatch implements OneStore {
  readonly type: string;
  /**
   * What `/sync` is asked for. Synapse answers the same question again from a cache for two minutes, also when a copy
   * of the store asks: so each start asks for a type of its own, which does not exist.
   */
  readonly syncTypes: readonly string[];
  readonly #options: StoreWatchOptions;
  readonly #instance = randomUUID();
  /** What the homeserver may hold of the runs before this one. */
  readonly #before: Epoch[];
  #epoch: number;
  /** What it holds of them. */
  #held: Epoch | undefined;
  #compared = false;
  #stopped: SottoError | undefined;
  /** The raise that each run begins with. */
  #started: Promise<void> | undefined;
  /** A raise that nobody has asked to begin yet, and that all who ask meanwhile share. */
  #next: Promise<void> | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** The last raise has not been used for anything new yet. */
  #isFresh = false;

  constructor(options: StoreWatchOptions) {
    this.#options = options;
    this.type = epochType(options.deviceId);
    this.syncTypes = [this.type, `${this.type}.${this.#instance}`];
    this.#before = options.store.epoch.known();
    this.#epoch = Math.max(0, ...this.#before.map(({ epoch }) => epoch));
  }

  /**
   * Before the first request of a run: a `/sync` with the token of another device would take its messages away. Costs a
   * request only where the token is new.
   *
   * @throws SottoError `STORE_OTHER_DEVICE`
   */
  async requireOwnToken(): Promise<void> {
    const { store, accessToken, userId, deviceId, whoami } = this.#options;
    this.#requireSound();
    const digest = createHash("sha256").update(accessToken).digest("base64url");
    if (store.epoch.checkedToken() === digest) return;
    const owner = await whoami();
    if (owner.userId !== userId || owner.deviceId !== deviceId) {
      const whose = `${owner.userId}, device ${owner.deviceId}`;
      throw new SottoError(
        "STORE_OTHER_DEVICE",
        `the access token is of ${whose}; the store is of ${deviceId}`,
        {
          cure: "put back the token that `sotto init` wrote",
        },
      );
    }
    store.epoch.setCheckedToken(digest);
  }

  /**
   * Looks at an answer of `/sync` before anything in it is acted on; the first one begins the run.
   *
   * @throws SottoError `STORE_ROLLED_BACK`, `STORE_COPIED`
   */
  async check(batch: SyncBatch): Promise<void> {
    this.#requireSound();
    const told = batch.accountData.findLast(({ type }) => type === this.type);
    if (told) this.#compare(told.content);
    for (const { timeline } of [...batch.joined, ...batch.left]) this.#requireOurs(timeline);
    this.#compared = true;
    const started = this.beforeUse();
    started.catch(() => undefined); // told to whoever is about to use it
    // what has come for us moves ratchets too
    if (batch.toDevice.length > 0) await started;
  }

  beforeUse(): Promise<void> {
    this.#started ??= this.#begin().catch((thrown) => {
      this.#started = undefined;
      throw thrown;
    });
    return this.#started.then(() => this.#requireSound());
  }

  async beforeNew(): Promise<void> {
    await this.beforeUse();
    if (this.#isFresh) this.#isFresh = false;
    else await this.#raiseOnce();
  }

  /** Compares with what the homeserver holds now, and changes nothing. Throws as `check` does. */
  async inspect(): Promise<Epoch | undefined> {
    this.#requireSound();
    const told = await this.#options.accountData.get(this.type);
    if (told) this.#compare(told);
    return told as Epoch | undefined;
  }

  /** The engine gave an index that was spent: its part of the store is older than ours. */
  indexSpent(sessionId: string): SottoError {
    return this.#condemn(`the crypto store would use an index of session ${sessionId} again`);
  }

  async #begin(): Promise<void> {
    await this.requireOwnToken();
    if (!this.#compared) await this.inspect();
    this.#compared = true;
    await this.#raiseOnce();
    this.#isFresh = true;
  }

  #raiseOnce(): Promise<void> {
    this.#next ??= this.#last.then(() => {
      this.#next = undefined;
      const raised = this.#raise();
      this.#last = raised.catch(() => undefined);
      return raised;
    });
    return this.#next;
  }

  /** Durable here, then told, then read back: what another copy wrote meanwhile would show. */
  async #raise(): Promise<void> {
    this.#requireSound();
    const { store, accountData } = this.#options;
    this.#epoch += 1;
    const epoch = { epoch: this.#epoch, instance: this.#instance };
    // if the homeserver never hears of the new number, it holds this one still, whatever was noted of it
    if (this.#held) store.epoch.confirm(this.#held);
    this.#held = undefined;
    store.epoch.claim(epoch);
    await accountData.put(this.type, { ...epoch });
    this.#compare((await accountData.get(this.type)) ?? {});
    store.epoch.confirm(epoch);
  }

  #compare({ epoch, instance }: Record<string, unknown>): void {
    if (instance === this.#instance) return;
    // of one run the homeserver may have heard of an earlier number and not of the last
    const isKnown = this.#before.some(
      (known) => instance === known.instance && (epoch as number) <= known.epoch,
    );
    if (isKnown) {
      this.#held = { epoch, instance } as Epoch;
      return;
    }
    const isOlder = !this.#compared && Number.isSafeInteger(epoch) && (epoch as number) > this.#epoch;
    throw this.#stop(
      isOlder
        ? new SottoError(
            "STORE_ROLLED_BACK",
            `this store is older than the device's last use: it is at ${this.#epoch}, the homeserver at ${epoch}`,
          )
        : new SottoError("STORE_COPIED", "another copy of this store is in use for the same device"),
    );
  }

  #requireOurs(timeline: RoomEvent[]): void {
    const { store, userId, deviceId } = this.#options;
    for (const { type, sender, content, unsigned, event_id } of timeline) {
      if (type !== "m.room.encrypted" || sender !== userId) continue;
      const { session_id: sessionId, ciphertext } = content;
      if (typeof sessionId !== "string" || typeof ciphertext !== "string") continue;
      const free = store.sessions.nextIndex(sessionId);
      // the homeserver gives the transaction ID to the device that sent it, and to no other
      const isOurs = free !== undefined || content.device_id === deviceId || unsigned?.transaction_id;
      if (isOurs && indexOf(ciphertext) >= (free ?? 0)) {
        throw this.#condemn(`this device has sent ${event_id}, and this store does not know of it`);
      }
    }
  }

  #requireSound(): void {
    if (this.#stopped) throw this.#stopped;
    this.#options.store.epoch.requireSound();
  }

  #condemn(message: string): SottoError {
    this.#options.store.epoch.condemn(message);
    return this.#stop(new SottoError("STORE_ROLLED_BACK", message));
  }

  #stop(error: SottoError): SottoError {
    this.#stopped ??= error;
    return error;
  }
}

/** What is no Megolm message was not sent by any Sotto. */
function indexOf(ciphertext: string): number {
  try {
    return megolmMessageIndex(ciphertext);
  } catch {
    return -1;
  }
}
