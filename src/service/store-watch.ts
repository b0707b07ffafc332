import { createHash, randomUUID } from "node:crypto";
import { SottoError } from "../errors.ts";
import type { DeviceId, UserId } from "../model/ids.ts";
import type { AccountData, OneStore } from "../model/ports.ts";
import type { RoomSync, SyncBatch } from "../model/sync.ts";
import type { DoubtfulEvent, Epoch, Store } from "../store/index.ts";
import { unknownOwnEvents } from "./own-events.ts";

export interface StoreWatchOptions {
  store: Store;
  accountData: AccountData;
  userId: UserId;
  deviceId: DeviceId;
  accessToken: string;
  /** Asks the homeserver whose the access token is. */
  whoami(): Promise<{ userId: UserId; deviceId: DeviceId | undefined }>;
}

/** What only a person can decide of this store. */
export interface StoreDoubts {
  /** The account's data had the record of this store, and has it no more. */
  recordMissing: boolean;
  events: DoubtfulEvent[];
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
   * @throws SottoError `STORE_ROLLED_BACK`, `STORE_COPIED`, `STORE_RECORD_MISSING`, `STORE_IN_DOUBT`
   */
  async check(batch: SyncBatch): Promise<void> {
    this.#requireSound();
    const told = batch.accountData.findLast(({ type }) => type === this.type);
    // an answer says nothing of a record that is as it was at the last token
    if (told && !this.#compare(told.content)) this.#recordIsMissing();
    this.#requireKnown([...batch.joined, ...batch.left]);
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
  async inspect(): Promise<void> {
    this.#requireSound();
    if (await this.#isRecordMissing()) this.#recordIsMissing();
  }

  /** @throws SottoError `STORE_ROLLED_BACK`, `STORE_COPIED`: of these there is no doubt */
  async doubts(): Promise<StoreDoubts> {
    const { epoch } = this.#options.store;
    if (this.#stopped) throw this.#stopped;
    epoch.requireNotCondemned();
    return { recordMissing: await this.#isRecordMissing(), events: epoch.doubts() };
  }

  /** A person has said that this store was never copied or put back: what was in doubt is so no more. Throws as `doubts`. */
  async confirm(): Promise<StoreDoubts> {
    const doubts = await this.doubts();
    this.#options.store.epoch.dispelDoubts();
    if (doubts.recordMissing) {
      await this.requireOwnToken();
      this.#compared = true;
      await this.#raiseOnce();
    }
    return doubts;
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
    if (!this.#compare((await accountData.get(this.type)) ?? {})) throw recordMissing();
    store.epoch.confirm(epoch);
  }

  async #isRecordMissing(): Promise<boolean> {
    const { accountData, store } = this.#options;
    const told = await accountData.get(this.type);
    if (told) return !this.#compare(told);
    // before its first start a device has none
    return store.epoch.wasConfirmed();
  }

  /**
   * Any client of the account can clear the record. A run that has found itself the newest writes it again, before the
   * next use. A start cannot know: an old copy of the store would find the same.
   */
  #recordIsMissing(): void {
    if (!this.#compared) throw recordMissing();
    this.#started = undefined;
  }

  /** False where the record is none: that of another instance is something else. */
  #compare(record: Record<string, unknown>): boolean {
    if (!isEpoch(record)) return false;
    const { epoch, instance } = record;
    const isOurs = instance === this.#instance;
    if (isOurs && epoch <= this.#epoch) return true;
    // of one run the homeserver may have heard of an earlier number and not of the last
    if (this.#before.some((known) => instance === known.instance && epoch <= known.epoch)) {
      this.#held = { epoch, instance };
      return true;
    }
    // a number of this very run that it has not reached: the machine itself was put back
    const isOlder = (isOurs || !this.#compared) && epoch > this.#epoch;
    throw this.#stop(
      isOlder
        ? new SottoError(
            "STORE_ROLLED_BACK",
            `this store is older than the device's last use: it is at ${this.#epoch}, the homeserver at ${epoch}`,
          )
        : new SottoError("STORE_COPIED", "another copy of this store is in use for the same device"),
    );
  }

  #requireKnown(rooms: readonly RoomSync[]): void {
    const { store } = this.#options;
    const { proof, doubtful } = unknownOwnEvents(rooms, this.#options);
    if (proof)
      throw this.#condemn(`this device has sent ${proof.eventId}, and this store does not know of it`);
    if (doubtful.length === 0) return;
    store.epoch.doubt(doubtful);
    this.#requireSound();
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

const isEpoch = (record: Record<string, unknown>): record is Record<string, unknown> & Epoch =>
  Number.isSafeInteger(record.epoch) && typeof record.instance === "string";

const recordMissing = (): SottoError =>
  new SottoError(
    "STORE_RECORD_MISSING",
    "the account's data says nothing any more of who used this device last",
  );
