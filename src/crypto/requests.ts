import { SottoError } from "../errors.ts";
import { type DeviceId, type RoomId, serverNameOf, type UserId } from "../model/ids.ts";
import type { KeyRequest, KeyServer } from "../model/ports.ts";
import { Serial } from "../serial.ts";
import { type Machine, wasm } from "./engine.ts";

/** Any request of the engine: the classes differ, these fields do not. */
export interface EngineRequest {
  id?: string | undefined;
  type: wasm.RequestType;
  body: string;
  event_type?: string;
  txn_id?: string;
  version?: string;
  room_id?: string;
}

/** Encrypts a verification's event for its room and sends it; gives the homeserver's answer. */
export type RoomSender = (
  roomId: RoomId,
  txnId: string,
  eventType: string,
  content: string,
) => Promise<string>;

export interface RequestPumpOptions {
  sendToRoom?: RoomSender;
  /** How long our homeserver shall wait for others when it looks for their users' keys. */
  keyTimeoutMs?: number | undefined;
}

const KINDS: Partial<Record<wasm.RequestType, KeyRequest["kind"]>> = {
  [wasm.RequestType.KeysUpload]: "keys-upload",
  [wasm.RequestType.KeysQuery]: "keys-query",
  [wasm.RequestType.KeysClaim]: "keys-claim",
  [wasm.RequestType.ToDevice]: "to-device",
  [wasm.RequestType.SignatureUpload]: "signatures-upload",
  [wasm.RequestType.KeysBackup]: "keys-backup",
};

/** An answer may lead to further requests, but not for ever. */
const MAX_ROUNDS = 50;

/** The only driver of the engine's requests: each is sent, and marked as sent with the server's answer. */
export class RequestPump {
  readonly #machine: Machine;
  readonly #keyServer: KeyServer;
  readonly #serial = new Serial();
  readonly #sendToRoom: RoomSender;
  readonly #keyTimeoutMs: number | undefined;
  /** Room events on their way: the engine names them again until they are marked. */
  readonly #underWay = new Map<string, Promise<string>>();
  /** Homeservers that did not answer ours when it last asked them for their users' devices. */
  readonly #unreachable = new Set<string>();
  /** The devices that the homeserver has shown of each user it was asked for, sound or not. */
  readonly #listed = new Map<UserId, readonly DeviceId[]>();

  constructor(
    machine: Machine,
    keyServer: KeyServer,
    { sendToRoom = notSent, keyTimeoutMs }: RequestPumpOptions = {},
  ) {
    this.#machine = machine;
    this.#keyServer = keyServer;
    this.#sendToRoom = sendToRoom;
    this.#keyTimeoutMs = keyTimeoutMs;
  }

  /** Whether the user's homeserver did not answer when its devices were last asked for. */
  isUnreachable(userId: UserId): boolean {
    return this.#unreachable.has(serverNameOf(userId));
  }

  /** The devices that the homeserver last showed of the user; undefined if it was not asked by this process. */
  listedDevices(userId: UserId): readonly DeviceId[] | undefined {
    return this.#listed.get(userId);
  }

  /** Does the work while no answer to what the engine has waiting reaches it. */
  undisturbed<T>(work: () => Promise<T>): Promise<T> {
    return this.#serial.run("outgoing", work);
  }

  /**
   * Sends what the engine has waiting, until it has nothing more. The first failure ends it; nothing is marked. Events
   * for rooms are only begun with: encrypting them may need another round.
   */
  drain(): Promise<void> {
    return this.#serial.run("outgoing", async () => {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const waiting = (await this.#machine.outgoingRequests()) as EngineRequest[];
        const requests = waiting.filter(({ type }) => type !== wasm.RequestType.RoomMessage);
        for (const request of waiting) {
          if (!requests.includes(request)) this.#begin(request).catch(() => undefined);
        }
        if (requests.length === 0) return;
        for (const request of requests) await this.send(request);
      }
      throw new SottoError("HOMESERVER_ERROR", "the homeserver's answers never satisfy the crypto engine");
    });
  }

  /**
   * Gets one-time keys of devices we have no Olm session with. One claim at a time: the engine remembers only one.
   * Gives the names of homeservers that did not answer ours.
   */
  claimMissing(users: () => wasm.UserId[]): Promise<string[]> {
    return this.#serial.run("claim", async () => {
      const claim = await this.#machine.getMissingSessions(users());
      return claim ? failures(JSON.parse(await this.send(claim)) as KeyAnswer) : [];
    });
  }

  /** Sends what is waiting, and rejects if an event for a room could not be sent. */
  async drainRooms(): Promise<void> {
    do {
      await this.drain();
      await Promise.all(this.#underWay.values());
    } while (this.#underWay.size > 0);
  }

  /**
   * Gives the homeserver's answer.
   *
   * @param arrived called when the homeserver has it and before the engine knows, which then never asks again
   */
  async send(request: EngineRequest, arrived?: () => void): Promise<string> {
    if (request.type === wasm.RequestType.RoomMessage) return this.#begin(request);
    const kind = KINDS[request.type];
    if (!kind)
      throw new Error(`the engine asked for a request of type ${request.type}, which Sotto does not send`);
    const waits = this.#keyTimeoutMs !== undefined && (kind === "keys-query" || kind === "keys-claim");
    const answer = await this.#keyServer.send({
      id: request.id ?? "",
      kind,
      body: request.body,
      ...(request.event_type === undefined ? {} : { eventType: request.event_type }),
      ...(request.txn_id === undefined ? {} : { txnId: request.txn_id }),
      ...(request.version === undefined ? {} : { version: request.version }),
      ...(waits ? { timeoutMs: this.#keyTimeoutMs } : {}),
    });
    arrived?.();
    if (request.id) await this.#machine.markRequestAsSent(request.id, request.type, answer);
    if (kind === "keys-query") this.#noteQuery(request.body, answer);
    return answer;
  }

  #begin(request: EngineRequest): Promise<string> {
    const { id = "", type, room_id: roomId = "", txn_id: txnId = "", event_type: eventType = "" } = request;
    const known = this.#underWay.get(id);
    if (known) return known;
    const sending = this.#serial
      .run("rooms", async () => {
        const answer = await this.#sendToRoom(roomId, txnId, eventType, request.body);
        await this.#machine.markRequestAsSent(id, type, answer);
        return answer;
      })
      .finally(() => this.#underWay.delete(id));
    this.#underWay.set(id, sending);
    return sending;
  }

  #noteQuery(body: string, answer: string): void {
    const { device_keys: asked = {} } = JSON.parse(body) as { device_keys?: Record<UserId, unknown> };
    const answered = JSON.parse(answer) as KeyAnswer & { device_keys?: Record<UserId, object> };
    for (const userId of Object.keys(asked)) {
      this.#unreachable.delete(serverNameOf(userId));
      this.#listed.set(userId, Object.keys(answered.device_keys?.[userId] ?? {}));
    }
    for (const name of failures(answered)) this.#unreachable.add(name);
  }
}

const notSent: RoomSender = async (_roomId, _txnId, eventType) => {
  throw new SottoError("INTERNAL", `nobody sends ${eventType} to rooms`);
};

/** https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery; the engine has read the rest. */
interface KeyAnswer {
  failures?: unknown;
}

function failures({ failures }: KeyAnswer): string[] {
  return typeof failures === "object" && failures !== null ? Object.keys(failures) : [];
}
