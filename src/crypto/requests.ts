import { SottoError } from "../errors.ts";
import { serverNameOf, type UserId } from "../model/ids.ts";
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
  readonly #keyTimeoutMs: number | undefined;
  /** Homeservers that did not answer ours when it last asked them for their users' devices. */
  readonly #unreachable = new Set<string>();

  /** @param keyTimeoutMs how long our homeserver shall wait for others when it looks for their users' keys */
  constructor(machine: Machine, keyServer: KeyServer, keyTimeoutMs?: number) {
    this.#machine = machine;
    this.#keyServer = keyServer;
    this.#keyTimeoutMs = keyTimeoutMs;
  }

  /** Whether the user's homeserver did not answer when its devices were last asked for. */
  isUnreachable(userId: UserId): boolean {
    return this.#unreachable.has(serverNameOf(userId));
  }

  /** Does the work while no answer to what the engine has waiting reaches it. */
  undisturbed<T>(work: () => Promise<T>): Promise<T> {
    return this.#serial.run("outgoing", work);
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

  /**
   * Gets one-time keys of devices we have no Olm session with. One claim at a time: the engine remembers only one. Gives
   * the names of homeservers that did not answer ours.
   */
  claimMissing(users: () => wasm.UserId[]): Promise<string[]> {
    return this.#serial.run("claim", async () => {
      const claim = await this.#machine.getMissingSessions(users());
      return claim ? failures(await this.send(claim)) : [];
    });
  }

  /**
   * Gives the homeserver's answer.
   *
   * @param arrived called when the homeserver has it and before the engine knows, which then never asks again
   */
  async send(request: EngineRequest, arrived?: () => void): Promise<string> {
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

  #noteQuery(body: string, answer: string): void {
    const { device_keys: asked = {} } = JSON.parse(body) as { device_keys?: Record<UserId, unknown> };
    for (const userId of Object.keys(asked)) this.#unreachable.delete(serverNameOf(userId));
    for (const name of failures(answer)) this.#unreachable.add(name);
  }
}

/** https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysquery; the engine has read the rest. */
function failures(answer: string): string[] {
  const { failures } = JSON.parse(answer) as { failures?: unknown };
  return typeof failures === "object" && failures !== null ? Object.keys(failures) : [];
}
