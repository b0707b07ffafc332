import { SottoError } from "../errors.ts";
import type { MegolmContent } from "../model/event.ts";
import type { RoomId, UserId } from "../model/ids.ts";
import type { Delivery } from "../model/job.ts";
import type { Clock, OneStore, RoomEncryptor } from "../model/ports.ts";
import { Serial } from "../serial.ts";
import type { RoomRecord, Store } from "../store/index.ts";
import { type Machine, wasm } from "./engine.ts";
import { megolmMessageIndex } from "./megolm-message.ts";
import type { RequestPump } from "./requests.ts";
import { mustRotate, type RotationLimits, rotationLimits } from "./rotation.ts";
import { type ShareWith, shareRoomKey } from "./sharing.ts";

export interface EncryptionPolicy {
  shareWith: ShareWith;
  rotation: RotationLimits;
}

/** The engine itself waits about a quarter of a minute before it claims again. */
const MISSED_RETRY_MS = 30_000;

/** Encrypts room events; shares and rotates the room's key when, and only when, something requires it. */
export class PolicyEncryptor implements RoomEncryptor {
  readonly #machine: Machine;
  readonly #pump: RequestPump;
  readonly #store: Store;
  readonly #oneStore: OneStore;
  readonly #policy: EncryptionPolicy;
  readonly #clock: Clock;
  readonly #rooms = new Serial();
  /** Rooms whose key reached everyone it must reach, as far as sync has told. Empty after a start. */
  readonly #shared = new Set<RoomId>();
  /** Rooms with a device that had no one-time key left for us: when it is worth asking again. */
  readonly #missedRetryMs = new Map<RoomId, number>();
  /** Deliveries of shares whose session has not carried an event yet; the session's ID is known only then. */
  readonly #unrecorded = new Map<RoomId, Delivery[]>();

  constructor(
    machine: Machine,
    pump: RequestPump,
    store: Store,
    oneStore: OneStore,
    policy: EncryptionPolicy,
    clock: Clock = Date.now,
  ) {
    this.#machine = machine;
    this.#pump = pump;
    this.#store = store;
    this.#oneStore = oneStore;
    this.#policy = policy;
    this.#clock = clock;
  }

  /** Members, devices or identities changed: share again before the next event. */
  mustShare(roomIds: Iterable<RoomId>): void {
    for (const roomId of roomIds) this.#shared.delete(roomId);
  }

  /** The next message has a new key. Returns when no message is under way any more that has the old one. */
  async rotate(roomIds: readonly RoomId[]): Promise<void> {
    this.#store.sessions.requireRotation(roomIds);
    await Promise.all(roomIds.map((roomId) => this.#rooms.run(roomId, async () => undefined)));
  }

  encrypt(roomId: RoomId, eventType: string, content: Record<string, unknown>): Promise<MegolmContent> {
    return this.#rooms.run(roomId, async () => {
      await this.#oneStore.beforeUse();
      await this.#shareUntilSettled(roomId);
      const json = await this.#machine.encryptRoomEvent(
        new wasm.RoomId(roomId),
        eventType,
        JSON.stringify(content),
      );
      const encrypted = JSON.parse(json) as MegolmContent;
      this.#record(roomId, encrypted);
      return encrypted;
    });
  }

  /** A share takes time; whoever comes, leaves or changes meanwhile is a reason for another look. */
  async #shareUntilSettled(roomId: RoomId): Promise<void> {
    for (;;) {
      const room = this.#encryptedRoom(roomId);
      await this.#rotateIfDue(room);
      if (this.#isShared(roomId)) return;
      await this.#share(room);
    }
  }

  #isShared(roomId: RoomId): boolean {
    const retryMs = this.#missedRetryMs.get(roomId);
    return this.#shared.has(roomId) && (retryMs === undefined || this.#clock() < retryMs);
  }

  #encryptedRoom(roomId: RoomId): RoomRecord {
    const room = this.#store.rooms.get(roomId);
    if (room?.membership !== "join") throw new SottoError("ROOM_NOT_JOINED", `not a member of ${roomId}`);
    if (room.replacement)
      throw new SottoError("ROOM_REPLACED", `${roomId} was replaced by ${room.replacement}`);
    if (!room.encryption) throw new SottoError("ROOM_NOT_ENCRYPTED", `${roomId} is not encrypted`);
    if (room.encryption.algorithm !== "m.megolm.v1.aes-sha2") {
      throw new SottoError(
        "ROOM_ENCRYPTION_UNKNOWN",
        `${roomId} uses an encryption algorithm Sotto does not know`,
      );
    }
    return room;
  }

  async #rotateIfDue(room: RoomRecord): Promise<void> {
    const session = this.#store.sessions.outbound(room.roomId);
    if (!session || !mustRotate(session, rotationLimits(room, this.#policy.rotation), this.#clock())) return;
    await this.#machine.invalidateGroupSession(new wasm.RoomId(room.roomId));
    this.#store.sessions.forgetOutbound(room.roomId);
    this.#shared.delete(room.roomId);
    this.#unrecorded.delete(room.roomId);
  }

  async #share(room: RoomRecord): Promise<void> {
    // before the work, not after: a change that sync reports meanwhile must stay a reason to share again
    this.#shared.add(room.roomId);
    try {
      // the engine begins a new session here, also where a device has gone
      await this.#oneStore.beforeNew();
      const deliveries = await shareRoomKey(
        this.#machine,
        this.#pump,
        room,
        this.#recipients(room),
        this.#policy.shareWith,
      );
      this.#unrecorded.set(room.roomId, [...(this.#unrecorded.get(room.roomId) ?? []), ...deliveries]);
      this.#noteMissed(room.roomId);
    } catch (thrown) {
      this.#shared.delete(room.roomId);
      throw thrown;
    }
  }

  /** The engine tells of a device without a one-time key once for each session; the ledger remembers. */
  #noteMissed(roomId: RoomId): void {
    const session = this.#store.sessions.outbound(roomId);
    const earlier = session ? this.#store.sessions.deliveries(session.sessionId) : [];
    const latest = new Map(
      [...earlier, ...(this.#unrecorded.get(roomId) ?? [])].map(({ userId, deviceId, outcome }) => [
        `${userId} ${deviceId}`,
        outcome,
      ]),
    );
    if ([...latest.values()].includes("m.no_olm")) {
      this.#missedRetryMs.set(roomId, this.#clock() + MISSED_RETRY_MS);
    } else {
      this.#missedRetryMs.delete(roomId);
    }
  }

  /** Invited users receive keys except where the room's history begins with the join. */
  #recipients(room: RoomRecord): UserId[] {
    const members = this.#store.rooms.members(
      room.roomId,
      room.historyVisibility === "joined" ? ["join"] : ["join", "invite"],
    );
    if (members.length === 0)
      throw new SottoError("ROOM_MEMBERS_UNKNOWN", `the members of ${room.roomId} are not known`);
    return members;
  }

  #record(roomId: RoomId, { session_id: sessionId, ciphertext }: MegolmContent): void {
    const now = this.#clock();
    // the event that was just encrypted is of no use before the outbox has made it durable, and this with it
    const isSpent = this.#store.soon(() => {
      if (!this.#store.sessions.spendIndex(sessionId, megolmMessageIndex(ciphertext))) return true;
      this.#store.sessions.countMessage(roomId, sessionId, now);
      this.#store.sessions.recordDeliveries(sessionId, this.#unrecorded.get(roomId) ?? [], now);
      return false;
    });
    if (isSpent) throw this.#oneStore.indexSpent(sessionId);
    this.#unrecorded.delete(roomId);
  }
}
