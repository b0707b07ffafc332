import { SottoError } from "../errors.ts";
import type { KeyRequest, KeyServer } from "../model/ports.ts";
import { Serial } from "../serial.ts";
import { type Machine, wasm } from "./engine.ts";

/** Any request of the engine: the classes differ, these fields do not. */
interface EngineRequest {
  id?: string | undefined;
  type: wasm.RequestType;
  body: string;
  event_type?: string;
  txn_id?: string;
  version?: string;
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

  constructor(machine: Machine, keyServer: KeyServer) {
    this.#machine = machine;
    this.#keyServer = keyServer;
  }

  /** Sends what the engine has waiting, until it has nothing more. The first failure ends it; nothing is marked. */
  drain(): Promise<void> {
    return this.#serial.run("outgoing", async () => {
      for (let round = 0; round < MAX_ROUNDS; round++) {
        const requests = (await this.#machine.outgoingRequests()) as EngineRequest[];
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

  /** Gives the answer's JSON text. */
  async send(request: EngineRequest): Promise<string> {
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
}
