import { SottoError } from "../errors.ts";
import type { RoomId } from "../model/ids.ts";
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
  /** Room events on their way: the engine names them again until they are marked. */
  readonly #underWay = new Map<string, Promise<string>>();

  constructor(machine: Machine, keyServer: KeyServer, sendToRoom: RoomSender = notSent) {
    this.#machine = machine;
    this.#keyServer = keyServer;
    this.#sendToRoom = sendToRoom;
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

  /** Gets one-time keys of devices we have no Olm session with. One claim at a time: the engine remembers only one. */
  claimMissing(users: () => wasm.UserId[]): Promise<void> {
    return this.#serial.run("claim", async () => {
      const claim = await this.#machine.getMissingSessions(users());
      if (claim) await this.send(claim);
    });
  }

  /** Sends what is waiting, and rejects if an event for a room could not be sent. */
  async drainRooms(): Promise<void> {
    do {
      await this.drain();
      await Promise.all(this.#underWay.values());
    } while (this.#underWay.size > 0);
  }

  /** Gives the answer's JSON text. */
  async send(request: EngineRequest): Promise<string> {
    if (request.type === wasm.RequestType.RoomMessage) return this.#begin(request);
    const kind = KINDS[request.type];
    if (!kind)
      throw new Error(`the engine asked for a request of type ${request.type}, which Sotto does not send`);
    const answer = await this.#keyServer.send({
      id: request.id ?? "",
      kind,
      body: request.body,
      ...(request.event_type === undefined ? {} : { eventType: request.event_type }),
      ...(request.txn_id === undefined ? {} : { txnId: request.txn_id }),
      ...(request.version === undefined ? {} : { version: request.version }),
    });
    if (request.id) await this.#machine.markRequestAsSent(request.id, request.type, answer);
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
}

const notSent: RoomSender = async (_roomId, _txnId, eventType) => {
  throw new SottoError("INTERNAL", `nobody sends ${eventType} to rooms`);
};
