import type { MegolmContent } from "../model/event.ts";
import type { RoomId, UserId } from "../model/ids.ts";
import { megolmMessageIndex } from "../model/megolm-message.ts";
import type { Clock, OneStore, PreparingEncryptor } from "../model/ports.ts";
import { Serial } from "../serial.ts";
import type { Device, RoomRecord, Store } from "../store/index.ts";
import { type Machine, wasm } from "./engine.ts";
import { KEYS_INVALID, readDevices, unsoundDevices, usersOutOfReach } from "./member-keys.ts";
import { encryptedRoom, reachesInvited, recipients } from "./recipients.ts";
import type { RequestPump } from "./requests.ts";
import { mustRotate, type RotationLimits, rotationLimits } from "./rotation.ts";
import {
  memberNotAccepted,
  type Share,
  type SharingPolicy,
  shareForVerification,
  shareRoomKey,
} from "./sharing.ts";
import { soundUserIds } from "./user-ids.ts";

export interface EncryptionPolicy {
  sharing(roomId: RoomId): SharingPolicy;
  rotation: RotationLimits;
  /** How long our homeserver shall wait for others when it looks for their users' keys. */
  keyTimeoutMs?: number;
}

/** The engine itself waits about a quarter of a minute before it claims again, and longer each time. */
const MISSED_RETRY_MS = 30_000;
const LONGEST_RETRY_MS = 15 * 60_000;

/** Encrypts room events; shares and rotates the room's key when, and only when, something requires it. */
export class PolicyEncryptor implements PreparingEncryptor {
  readonly #machine: Machine;
  readonly #pump: RequestPump;
  readonly #store: Store;
  readonly #oneStore: OneStore;
  readonly #policy: EncryptionPolicy;
  readonly #clock: Clock;
  readonly #rooms = new Serial();
  /** Rooms whose key reached everyone it must reach, as far as sync has told. The store knows it too, for a new process. */
  readonly #shared = new Set<RoomId>();
  /** Rooms where somebody could not be reached who may be later: when it is worth trying again. */
  readonly #retry = new Map<RoomId, { atMs: number; pauseMs: number }>();

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

  /** Members, devices or identities changed: share again before the next event. Durable before what is written later. */
  mustShare(roomIds: readonly RoomId[]): void {
    if (roomIds.length === 0) return;
    for (const roomId of roomIds) {
      this.#shared.delete(roomId);
      this.#retry.delete(roomId);
    }
    this.#store.soon(() => this.#store.sessions.forgetShared(roomIds));
  }

  /**
   * Shares early: whoever comes, leaves or changes before the next event is a reason for another look then, as always.
   * True if there was anything to share, which takes time.
   */
  prepare(roomId: RoomId): Promise<boolean> {
    return this.#rooms.run(roomId, () => this.#shareUntilSettled(roomId));
  }

  /**
   * Tries again for those who could not be reached, where something changed or it is time; not for a key at its end.
   */
  async heal(): Promise<void> {
    const failures: unknown[] = [];
    for (const roomId of this.#store.ledger.roomsWithMissed()) {
      const room = this.#store.rooms.get(roomId);
      const rests = this.#isShared(roomId) || this.#clock() < (this.#retry.get(roomId)?.atMs ?? 0);
      if (room?.membership !== "join" || rests || this.#isDue(room)) continue;
      await this.prepare(roomId).catch((thrown) => {
        this.#planRetry(roomId, true);
        failures.push(thrown);
      });
    }
    if (failures.length > 0) throw failures[0];
  }

  /** The next message has a new key. Returns when no message is under way any more that has the old one. */
  async rotate(roomIds: readonly RoomId[]): Promise<void> {
    this.#store.sessions.requireRotation(roomIds);
    await Promise.all(roomIds.map((roomId) => this.#rooms.run(roomId, async () => undefined)));
  }

  encrypt(roomId: RoomId, eventType: string, content: Record<string, unknown>): Promise<MegolmContent> {
    return this.#rooms.run(roomId, async () => {
      await this.#askAboutInvited(roomId);
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

  /**
   * Encrypts a verification's event under a session of its own, which every device of every member gets and nothing
   * else ever uses: whom the policy leaves out, or whose identity has changed, must still be able to be verified.
   */
  encryptForVerification(
    roomId: RoomId,
    eventType: string,
    content: Record<string, unknown>,
  ): Promise<MegolmContent> {
    return this.#rooms.run(roomId, async () => {
      const room = encryptedRoom(this.#store.rooms, roomId);
      // durable, and before anyone has this session: whatever is sent next in the room rotates first
      this.#store.transaction(() => this.#store.sessions.requireRotation([roomId]));
      await this.#oneStore.beforeUse();
      await this.#oneStore.beforeNew();
      const id = () => new wasm.RoomId(roomId);
      await this.#machine.invalidateGroupSession(id());
      await shareForVerification(this.#machine, this.#pump, room, recipients(this.#store.rooms, room));
      const json = await this.#machine.encryptRoomEvent(id(), eventType, JSON.stringify(content));
      const encrypted = JSON.parse(json) as MegolmContent;
      const { session_id: sessionId, ciphertext } = encrypted;
      // durable before it leaves: an event of ours that the store does not know would mean that the store is a copy
      if (!this.#store.sessions.spendIndex(sessionId, megolmMessageIndex(ciphertext)))
        throw this.#oneStore.indexSpent(sessionId);
      return encrypted;
    });
  }

  /**
   * The homeserver tells of changed devices of users who are in a room with us. About the invited we ask before each
   * event: else a device that they have removed would read on, and a new one nothing.
   */
  async #askAboutInvited(roomId: RoomId): Promise<void> {
    const invited = this.#store.rooms.members(roomId, ["invite"]);
    if (invited.length === 0 || !reachesInvited(encryptedRoom(this.#store.rooms, roomId))) return;
    await this.#pump.send(this.#machine.queryKeysForUsers(soundUserIds(invited)));
    this.mustShare([roomId]);
  }

  /** A share takes time; whoever comes, leaves or changes meanwhile is a reason for another look. */
  async #shareUntilSettled(roomId: RoomId): Promise<boolean> {
    for (let shares = 0; ; shares += 1) {
      await this.#rotateIfDue(encryptedRoom(this.#store.rooms, roomId));
      if (this.#isShared(roomId)) return shares > 0;
      await this.#share(encryptedRoom(this.#store.rooms, roomId)); // as it is now: rotating took time
    }
  }

  #isShared(roomId: RoomId): boolean {
    if (this.#wasShared(roomId)) this.#shared.add(roomId);
    const retry = this.#retry.get(roomId);
    return this.#shared.has(roomId) && (retry === undefined || this.#clock() < retry.atMs);
  }

  /** By an earlier process, and nothing has changed since: neither who is there nor the policy. */
  #wasShared(roomId: RoomId): boolean {
    if (this.#shared.has(roomId)) return false;
    const under = this.#store.sessions.outbound(roomId)?.sharedUnder;
    return under !== undefined && under === sharedUnder(this.#policy.sharing(roomId));
  }

  #isDue(room: RoomRecord): boolean {
    const session = this.#store.sessions.outbound(room.roomId);
    return (
      session !== undefined && mustRotate(session, rotationLimits(room, this.#policy.rotation), this.#clock())
    );
  }

  async #rotateIfDue(room: RoomRecord): Promise<void> {
    if (!this.#isDue(room)) return;
    await this.#machine.invalidateGroupSession(new wasm.RoomId(room.roomId));
    this.#store.transaction(() => {
      this.#store.sessions.forgetOutbound(room.roomId);
      this.#store.ledger.forget(room.roomId);
    });
    this.#shared.delete(room.roomId);
  }

  async #share(room: RoomRecord): Promise<void> {
    const { roomId } = room;
    const { ledger, sessions } = this.#store;
    const members = recipients(this.#store.rooms, room);
    const policy = this.#policy.sharing(roomId);
    this.#admit(roomId, members, policy);
    // durable, and before the engine may throw the session away
    if (sessions.outbound(roomId)?.sharedUnder !== undefined)
      this.#store.transaction(() => sessions.forgetShared([roomId]));
    // before the work, not after: a change that sync reports meanwhile must stay a reason to share again
    this.#shared.add(roomId);
    try {
      const share: Share = {
        machine: this.#machine,
        pump: this.#pump,
        room,
        members,
        policy,
        isFirst: !sessions.outbound(roomId) && !ledger.isOpen(roomId),
        beforeNew: () => this.#oneStore.beforeNew(),
        record: (deliveries) => ledger.record(roomId, deliveries, this.#clock()),
      };
      await this.#completeLedger(share, await shareRoomKey(share));
    } catch (thrown) {
      this.#shared.delete(roomId);
      throw thrown;
    }
  }

  /**
   * Who has no device is in the ledger too, and a device that is gone is not. After a first share that was told of all
   * devices there are: only who was not told of, or got no key, is worth a look.
   */
  async #completeLedger(
    { room: { roomId }, members, isFirst }: Share,
    unreachable: ReadonlySet<UserId>,
  ): Promise<void> {
    const { ledger, sessions } = this.#store;
    const told = isFirst ? ledger.entries(roomId) : [];
    const whole = new Set(told.map(({ userId }) => userId));
    for (const { userId, outcome } of told) if (outcome !== "shared") whole.delete(userId);
    for (const userId of whole) {
      const { length } = told.filter((entry) => entry.userId === userId);
      if (length < (this.#pump.listedDevices(userId)?.length ?? 0)) whole.delete(userId);
    }
    const looked = await readDevices(
      this.#machine,
      members.filter((userId) => !whole.has(userId)),
    );
    const outOfReach = [...usersOutOfReach(looked, unreachable), ...unsoundDevices(looked, this.#pump)];
    ledger.record(roomId, outOfReach, this.#clock());
    const sessionId = sessions.outbound(roomId)?.sessionId;
    const present: Device[] = [
      ...told.filter(({ userId }) => whole.has(userId)),
      ...looked.flatMap(({ userId, devices }) => devices.map(({ deviceId }) => ({ userId, deviceId }))),
      ...outOfReach,
      ...[roomId, ...(sessionId === undefined ? [] : [sessionId])]
        .flatMap((key) => ledger.entries(key))
        .filter(({ userId, outcome }) => outcome === KEYS_INVALID && !this.#pump.listedDevices(userId)),
    ];
    ledger.keepOnly(roomId, sessionId, present);
    this.#planRetry(roomId, ledger.hasMissed(roomId, sessionId));
  }

  /**
   * Throws `MEMBER_NOT_ACCEPTED` under `hold`. Who is there at the first share of a room is known from then on: there
   * is nobody to compare them with.
   */
  #admit(roomId: RoomId, members: readonly UserId[], { newMembers }: SharingPolicy): void {
    const { ledger } = this.#store;
    const strangers = ledger.newMembers(roomId, members);
    if (newMembers === "hold" && strangers && strangers.length > 0)
      throw memberNotAccepted(roomId, strangers);
    ledger.know(roomId, strangers ?? members, this.#clock());
  }

  #planRetry(roomId: RoomId, hasMissed: boolean): void {
    if (!hasMissed) return void this.#retry.delete(roomId);
    const before = this.#retry.get(roomId)?.pauseMs;
    const pauseMs = before === undefined ? MISSED_RETRY_MS : Math.min(before * 2, LONGEST_RETRY_MS);
    this.#retry.set(roomId, { atMs: this.#clock() + pauseMs, pauseMs });
  }

  #record(roomId: RoomId, { session_id: sessionId, ciphertext }: MegolmContent): void {
    const { sessions, ledger } = this.#store;
    const messageIndex = megolmMessageIndex(ciphertext);
    // the event that was just encrypted is of no use before the outbox has made it durable, and this with it
    const isFree = this.#store.soon(() => {
      if (!sessions.spendIndex(sessionId, messageIndex)) return false;
      const isWhole = this.#shared.has(roomId) && !this.#retry.has(roomId);
      const under = isWhole ? sharedUnder(this.#policy.sharing(roomId)) : undefined;
      sessions.countMessage(roomId, sessionId, this.#clock(), under);
      if (ledger.isOpen(roomId)) ledger.settle(roomId, sessionId, messageIndex);
      return true;
    });
    if (!isFree) throw this.#oneStore.indexSpent(sessionId);
  }
}

/** What a new process compares; undefined where whom we verified counts: that changes without a word of the homeserver. */
const sharedUnder = ({ shareWith, onExcluded, newMembers }: SharingPolicy): string | undefined =>
  shareWith === "verified" ? undefined : [shareWith, onExcluded, newMembers].join(" ");
