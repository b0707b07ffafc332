import { SottoError } from "../errors.ts";
import type { DecryptedEvent } from "../model/event.ts";
import type { DeviceId, EventId, RoomId, UserId } from "../model/ids.ts";
import { queryKeys } from "./devices.ts";
import { type Machine, wasm } from "./engine.ts";
import type { Alarm } from "./patience.ts";
import type { RequestPump } from "./requests.ts";
import { soundUserId } from "./user-ids.ts";
import { Verification, type VerificationTools } from "./verification.ts";
import {
  engineMethods,
  isOver,
  type VerificationMethods,
  type VerificationState,
} from "./verification-state.ts";

export interface VerificationsOptions {
  machine: Machine;
  pump: RequestPump;
  alarm: Alarm;
  /** Sends the first event of a verification into a room; gives its ID. */
  sendRequest(roomId: RoomId, content: Record<string, unknown>): Promise<EventId>;
}

/** https://spec.matrix.org/v1.19/client-server-api/#key-verification-framework */
const REQUEST = "m.key.verification.request";
const READY = "m.key.verification.ready";
/** A verification has a dozen events. */
const MAX_SEEN = 1_000;

/** An event of a room, as its sender meant it. */
export type InRoomEvent = Pick<
  DecryptedEvent,
  "roomId" | "eventId" | "sender" | "originServerTs" | "type" | "content"
>;

export const isVerificationEvent = ({ type, content }: Pick<InRoomEvent, "type" | "content">): boolean =>
  type.startsWith("m.key.verification.") || (type === "m.room.message" && content.msgtype === REQUEST);

interface ToDeviceEvent {
  type?: unknown;
  sender?: unknown;
  content?: { transaction_id?: unknown; timestamp?: unknown; from_device?: unknown };
}

/** All verifications of this device: those we ask for and those that others ask for. */
export class Verifications {
  readonly #options: VerificationsOptions;
  readonly #tools: VerificationTools;
  readonly #known = new Map<string, Verification>();
  readonly #seen = new Set<EventId>();
  readonly #listeners = new Set<(verification: Verification) => void>();

  constructor(options: VerificationsOptions) {
    this.#options = options;
    const { pump, alarm } = options;
    this.#tools = {
      alarm,
      send: async (request) => void (await pump.send(request)),
      holds: (state) => this.#holds(state),
    };
  }

  /** Told of every request of another side, from whomever: what to do with it is not decided here. */
  onRequest(listener: (verification: Verification) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get underWay(): Verification[] {
    return [...this.#known.values()].filter(({ state }) => !isOver(state));
  }

  /** Asks a user, in a room with them. Throws `IDENTITY_MISSING`, `IDENTITY_NOT_READY`. */
  async request(
    userId: UserId,
    roomId: RoomId,
    methods: VerificationMethods = "emoji",
  ): Promise<Verification> {
    const { machine, sendRequest } = this.#options;
    await this.requireVerifiable(userId);
    const identity = await this.#otherIdentity(userId);
    const content = JSON.parse(identity.verificationRequestContent(engineMethods(methods)));
    const requestedMs = this.#options.alarm.now();
    const eventId = await sendRequest(roomId, { msgtype: REQUEST, ...content });
    const request = identity.requestVerification(
      new wasm.RoomId(roomId),
      new wasm.EventId(eventId),
      engineMethods(methods),
    );
    return this.#follow(
      machine.getVerificationRequest(new wasm.UserId(userId), eventId) ?? request,
      requestedMs,
    );
  }

  /** Asks one of our own devices, or all of them. Throws `DEVICE_UNKNOWN`, `IDENTITY_NOT_READY`. */
  async requestOwn(deviceId?: DeviceId, methods: VerificationMethods = "emoji"): Promise<Verification> {
    const { machine, pump, alarm } = this.#options;
    const userId = machine.userId.toString();
    await queryKeys(machine, pump, userId);
    const identity = await machine.getIdentity(machine.userId);
    if (!(identity instanceof wasm.OwnUserIdentity)) {
      throw new SottoError("IDENTITY_NOT_READY", "the account has no cross-signing identity");
    }
    const requestedMs = alarm.now();
    if (deviceId === undefined) {
      const [request, message] = await identity.requestVerification(engineMethods(methods));
      await pump.send(message);
      return this.#follow(request, requestedMs);
    }
    const device = await machine.getDevice(machine.userId, new wasm.DeviceId(deviceId));
    if (!device || deviceId === machine.deviceId.toString()) {
      throw new SottoError("DEVICE_UNKNOWN", `${userId} has no other device ${deviceId}`);
    }
    const [request, message] = device.requestVerification(engineMethods(methods));
    await pump.send(message);
    return this.#follow(request, requestedMs);
  }

  /** Throws unless they have an identity and ours can sign it: else all comparing is in vain. */
  async requireVerifiable(userId: UserId): Promise<void> {
    const { machine, pump } = this.#options;
    await queryKeys(machine, pump, machine.userId.toString(), userId);
    await this.#otherIdentity(userId);
    if (!(await machine.crossSigningStatus()).hasUserSigning) {
      throw new SottoError("IDENTITY_NOT_READY", "the key that signs other users is not on this device");
    }
  }

  /**
   * Takes an event of a room, decrypted or sent in clear, if it is one of a verification; says whether it was. What a
   * server could have changed does not matter here: the keys themselves are what is verified.
   */
  async receive(event: InRoomEvent): Promise<boolean> {
    const { machine } = this.#options;
    const { type, content, sender, eventId, roomId } = event;
    if (!isVerificationEvent(event)) return false;
    // the engine takes a repetition for a message out of turn, and cancels
    if (this.#seen.has(eventId)) return true;
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.add(eventId);
    const isRequest = type === "m.room.message";
    const ownUserId = machine.userId.toString();
    if (sender === ownUserId) {
      if (type === READY && content.from_device !== machine.deviceId.toString())
        this.#flowOf(content)?.takenElsewhere();
      return true;
    }
    if (isRequest) {
      if (content.to !== ownUserId) return true;
      await this.#learnDevice(sender, content.from_device);
    }
    const { originServerTs } = event;
    const json = {
      type,
      content,
      sender,
      event_id: eventId,
      origin_server_ts: originServerTs,
      room_id: roomId,
    };
    await machine.receiveVerificationEvent(JSON.stringify(json), new wasm.RoomId(roomId));
    if (isRequest) this.#discover(sender, eventId, originServerTs);
    await this.look();
    return true;
  }

  /** To be called when the engine has had these messages: what they have changed is told. */
  async afterToDevice(events: readonly unknown[]): Promise<void> {
    for (const event of events as (ToDeviceEvent | null)[]) {
      if (event?.type !== REQUEST || typeof event.sender !== "string") continue;
      if (!soundUserId(event.sender)) continue;
      const { transaction_id: id, timestamp, from_device: deviceId } = event.content ?? {};
      if (typeof id !== "string" || typeof timestamp !== "number") continue;
      if (this.#discover(event.sender, id, timestamp)) continue;
      // the engine drops a request of a device that it does not know yet
      if (await this.#learnDevice(event.sender, deviceId)) {
        const { machine } = this.#options;
        await machine.receiveSyncChangesMsc4186(JSON.stringify([event]), new wasm.DeviceLists(), new Map());
        this.#discover(event.sender, id, timestamp);
      }
    }
    await this.look();
  }

  async look(): Promise<void> {
    const underWay = this.underWay;
    if (underWay.length === 0) return;
    await Promise.all(underWay.map((verification) => verification.look()));
    await this.#options.pump.drainRooms();
    // what was sent has its own consequences: emoji are there when our key has left
    await Promise.all(this.underWay.map((verification) => verification.look()));
  }

  /** The verification that an event refers to. */
  has(id: unknown): boolean {
    return typeof id === "string" && this.#known.has(id);
  }

  close(): void {
    for (const verification of this.#known.values()) verification.close();
  }

  #flowOf(content: Record<string, unknown>): Verification | undefined {
    const relation = content["m.relates_to"] as { event_id?: unknown } | undefined;
    return typeof relation?.event_id === "string" ? this.#known.get(relation.event_id) : undefined;
  }

  #follow(request: wasm.VerificationRequest, requestedMs: number): Verification {
    const known = this.#known.get(request.flowId);
    if (known) return known;
    for (const [id, { state }] of this.#known) if (isOver(state)) this.#known.delete(id);
    const verification = new Verification(request, requestedMs, this.#tools);
    this.#known.set(request.flowId, verification);
    return verification;
  }

  #discover(userId: UserId, id: string, requestedMs: number): boolean {
    if (this.#known.has(id)) return true;
    const request = this.#options.machine.getVerificationRequest(new wasm.UserId(userId), id);
    if (!request || request.isCancelled()) return request !== undefined;
    const verification = this.#follow(request, requestedMs);
    for (const listener of this.#listeners) listener(verification);
    return true;
  }

  /** True if the device's keys were asked for, and are there now. */
  async #learnDevice(userId: UserId, deviceId: unknown): Promise<boolean> {
    const { machine, pump } = this.#options;
    if (typeof deviceId !== "string") return false;
    const find = () => machine.getDevice(new wasm.UserId(userId), new wasm.DeviceId(deviceId));
    if (await find()) return false;
    await queryKeys(machine, pump, userId);
    return (await find()) !== undefined;
  }

  async #otherIdentity(userId: UserId): Promise<wasm.OtherUserIdentity> {
    const identity = await this.#options.machine.getIdentity(new wasm.UserId(userId));
    if (identity instanceof wasm.OtherUserIdentity) return identity;
    const { length } = (await this.#options.machine.getUserDevices(new wasm.UserId(userId))).keys();
    if (length === 0) throw new SottoError("USER_UNKNOWN", `the homeserver knows no keys of ${userId}`);
    throw new SottoError("IDENTITY_MISSING", `${userId} has no cross-signing identity`);
  }

  async #holds({ userId, deviceId, roomId }: VerificationState): Promise<boolean> {
    const { machine, pump } = this.#options;
    await pump.drainRooms();
    await queryKeys(machine, pump, userId);
    if (roomId === undefined && deviceId !== undefined) {
      const device = await machine.getDevice(new wasm.UserId(userId), new wasm.DeviceId(deviceId));
      return device?.isVerified() === true;
    }
    return (await machine.getIdentity(new wasm.UserId(userId)))?.isVerified() === true;
  }
}
