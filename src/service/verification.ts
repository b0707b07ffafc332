import type { Config } from "../config/index.ts";
import {
  type Crypto,
  isVerificationEvent,
  MissingRoomKey,
  type Verification,
  type VerificationMethods,
} from "../crypto/index.ts";
import { SottoError, toSottoError } from "../errors.ts";
import type { Logger } from "../log.ts";
import type { RoomEvent } from "../model/event.ts";
import type { DeviceId, RoomId, UserId } from "../model/ids.ts";
import type { SyncBatch } from "../model/sync.ts";
import type { Store } from "../store/index.ts";
import type { SyncDriver } from "./sync.ts";

export interface VerificationDeskOptions {
  config: Config;
  crypto: Crypto;
  store: Store;
  sync: SyncDriver;
  logger: Logger;
  /** The encrypted direct chat with a user, with us in it. */
  directRoom(other: UserId): Promise<RoomId>;
}

/** Older requests have lapsed, and with them everything that belongs to them. */
const MAX_AGE_MS = 600_000;
/** Events whose key has not come yet; what does not fit is asked for again by its sender. */
const MAX_WAITING = 50;

interface Waiting {
  roomId: RoomId;
  event: RoomEvent;
}

/**
 * Where verifications meet the rooms and the config: takes their events out of sync, asks in the direct room, and
 * offers a request of others only if `trust.verifyFrom` names them.
 */
export class VerificationDesk {
  readonly #options: VerificationDeskOptions;
  readonly #listeners = new Set<(verification: Verification) => void>();
  #waiting: Waiting[] = [];

  constructor(options: VerificationDeskOptions) {
    this.#options = options;
    const { crypto, sync } = options;
    crypto.verifications.onRequest((verification) => this.#offer(verification));
    sync.onBatch((batch) => this.#take(batch));
    crypto.onRoomKeys(() => void this.#retry());
  }

  /**
   * Told of each request by a user whom `trust.verifyFrom` names. Nothing is answered before `accept()`, and nothing
   * confirmed but by `confirm()`. Starts syncing. The returned function ends it.
   */
  onRequest(listener: (verification: Verification) => void): () => void {
    this.#listeners.add(listener);
    this.#sync();
    return () => this.#listeners.delete(listener);
  }

  /**
   * Asks a user in the direct room with them; or one of our own devices, or all of them. Starts syncing.
   *
   * @throws SottoError `IDENTITY_MISSING`, `IDENTITY_NOT_READY`, `USER_UNKNOWN`, `DEVICE_UNKNOWN`
   */
  async request(
    userId: UserId,
    deviceId?: DeviceId,
    methods: VerificationMethods = "emoji",
  ): Promise<Verification> {
    const { config, crypto, sync, directRoom } = this.#options;
    this.#sync();
    if (userId === config.account.userId) return crypto.verifications.requestOwn(deviceId, methods);
    if (deviceId !== undefined) {
      throw new SottoError("USAGE", "another user is verified as a whole, not by device", {
        cure: "leave the device out; --fingerprint can trust a single device",
      });
    }
    // looked at first: nobody is invited to a room for nothing
    await crypto.verifications.requireVerifiable(userId);
    const roomId = await directRoom(userId);
    // a room that was made just now may have come without the one it was made for, who would get no key
    await sync.toLiveEnd();
    return crypto.verifications.request(userId, roomId, methods);
  }

  /**
   * A request of theirs that nobody has answered yet. Throws `VERIFICATION_NOT_ALLOWED` for whom the config does not
   * name.
   */
  waitingFrom(userId: UserId, deviceId?: DeviceId): Verification | undefined {
    const found = this.#options.crypto.verifications.underWay.find(({ state }) => {
      if (!state.incoming || state.phase !== "requested" || state.userId !== userId) return false;
      return deviceId === undefined || state.deviceId === deviceId;
    });
    if (found && !this.#isNamed(userId)) {
      throw new SottoError("VERIFICATION_NOT_ALLOWED", `${userId} asks for a verification, and is not named`);
    }
    return found;
  }

  #sync(): void {
    const { sync, logger } = this.#options;
    sync.run().catch((thrown) => logger.error("sync ended", { reason: toSottoError(thrown).message }));
  }

  #isNamed(userId: UserId): boolean {
    return this.#options.config.trust.verifyFrom.includes(userId);
  }

  #offer(verification: Verification): void {
    const { userId, deviceId, roomId, id } = verification.state;
    const where = { userId, deviceId, roomId, id };
    if (!this.#isNamed(userId)) {
      this.#options.logger.warn(
        "a verification was asked for by someone whom trust.verifyFrom does not name",
        where,
      );
      return;
    }
    this.#options.logger.info("a verification was asked for: run `sotto verify`, with who asks", where);
    for (const listener of this.#listeners) listener(verification);
  }

  async #take(batch: SyncBatch): Promise<void> {
    const { crypto } = this.#options;
    await crypto.verifications.afterToDevice(batch.toDevice);
    for (const { roomId, timeline } of batch.joined) {
      for (const event of timeline)
        if (this.#mayBelong(roomId, event)) await this.#receive({ roomId, event });
    }
  }

  /**
   * What an event is, its ciphertext does not tell, and each is decrypted once more than it would be. So only what can
   * matter: those that refer to a verification we know, and young ones that refer to nothing, from whom a request may
   * come, or in a room of two, where people ask.
   */
  #mayBelong(roomId: RoomId, event: RoomEvent): boolean {
    const { crypto, store, config } = this.#options;
    if (event.unsigned?.transaction_id !== undefined) return false;
    if (Date.now() - event.origin_server_ts > MAX_AGE_MS) return false;
    if (event.type !== "m.room.encrypted") return isVerificationEvent(event);
    const relation = event.content["m.relates_to"] as { event_id?: unknown } | undefined;
    if (relation) return crypto.verifications.has(relation.event_id);
    if (event.sender === config.account.userId) return false;
    return this.#isNamed(event.sender) || store.rooms.members(roomId, ["join", "invite"]).length <= 2;
  }

  /** One bad event stops nothing. */
  async #receive(waiting: Waiting): Promise<void> {
    const { crypto, store, logger } = this.#options;
    const { roomId, event } = waiting;
    const { event_id: eventId, sender } = event;
    try {
      const { type, content, origin_server_ts: originServerTs } = event;
      // Element sends these in clear, into encrypted rooms too: nothing in them is secret, and nothing is believed
      const meant =
        type === "m.room.encrypted"
          ? await crypto.decrypt(roomId, event)
          : { roomId, eventId, sender, originServerTs, type, content };
      if (await crypto.verifications.receive(meant)) store.inbox.done(eventId);
    } catch (thrown) {
      if (thrown instanceof MissingRoomKey) {
        if (this.#waiting.length < MAX_WAITING) this.#waiting.push(waiting);
        return;
      }
      const { code, message: reason } = toSottoError(thrown);
      logger.warn("an event that may be of a verification was left out", {
        eventId,
        roomId,
        sender,
        code,
        reason,
      });
    }
  }

  async #retry(): Promise<void> {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const one of waiting) if (this.#mayBelong(one.roomId, one.event)) await this.#receive(one);
  }
}
