import { randomBytes } from "node:crypto";
import { type Engine, openEngine, wasm } from "@matrix-org/matrix-sdk-crypto-nodejs/engine";
import type { Session, Synapse } from "../../synapse-dev/synapse.ts";
import type { RawEvent } from "./room-events.ts";

interface Outgoing {
  id: string;
  type: wasm.RequestType;
  body: string;
}

/**
 * A member's device that does only what a test tells it, which no client can be made to do: it publishes its keys, but
 * no one-time key until later. The engine is Sotto's own; what it can decrypt is what any client could.
 */
export class EngineDevice {
  readonly userId: string;
  readonly deviceId: string;
  readonly #synapse: Synapse;
  readonly #session: Session;
  readonly #engine: Engine;
  #since = "";

  private constructor(synapse: Synapse, session: Session, engine: Engine) {
    this.#synapse = synapse;
    this.#session = session;
    this.#engine = engine;
    this.userId = session.userId;
    this.deviceId = session.deviceId;
  }

  /** The device of a session that has no keys yet; it publishes its own and is signed by a new identity. */
  static async publish(synapse: Synapse, session: Session, directory: string): Promise<EngineDevice> {
    const engine = await openEngine({ ...session, directory, key: randomBytes(32) });
    const device = new EngineDevice(synapse, session, engine);
    await device.uploadKeys({ oneTime: false });
    const { machine } = engine;
    const identity = await machine.bootstrapCrossSigning(true);
    await device.#post("keys/device_signing/upload", identity.uploadSigningKeysRequest.body);
    await device.#post("keys/signatures/upload", identity.uploadSignaturesRequest.body);
    return device;
  }

  async uploadKeys({ oneTime }: { oneTime: boolean }): Promise<void> {
    const requests = (await this.#engine.machine.outgoingRequests()) as unknown as Outgoing[];
    for (const { id, type, body } of requests) {
      if (type !== wasm.RequestType.KeysUpload) continue;
      const { one_time_keys, fallback_keys, ...deviceKeys } = JSON.parse(body);
      const kept = oneTime ? { one_time_keys, fallback_keys, ...deviceKeys } : deviceKeys;
      const answer = await this.#post("keys/upload", JSON.stringify(kept));
      await this.#engine.machine.markRequestAsSent(id, type, JSON.stringify(answer));
    }
  }

  join = (roomId: string) =>
    this.#request<object>("POST", `/_matrix/client/v3/join/${encodeURIComponent(roomId)}`, {});

  /** The clear event, after everything that waits for this device was taken. Throws what the engine throws. */
  async read(roomId: string, eventId: string): Promise<{ type: string; content: Record<string, unknown> }> {
    await this.#takeToDevice();
    const path = `/_matrix/client/v3/rooms/${encodeURIComponent(roomId)}/event/${encodeURIComponent(eventId)}`;
    const event = await this.#request<RawEvent>("GET", path);
    const settings = new wasm.DecryptionSettings(wasm.TrustRequirement.Untrusted);
    const room = new wasm.RoomId(roomId);
    const { event: clear } = await this.#engine.machine.decryptRoomEvent(
      JSON.stringify(event),
      room,
      settings,
    );
    return JSON.parse(clear);
  }

  /** Why the event cannot be decrypted, by the engine's code. */
  async whyNot(roomId: string, eventId: string): Promise<{ code: number; withheld: string | undefined }> {
    try {
      await this.read(roomId, eventId);
    } catch (thrown) {
      if (!(thrown instanceof wasm.MegolmDecryptionError)) throw thrown;
      return { code: thrown.code, withheld: thrown.withheldCode };
    }
    throw new Error(`${this.deviceId} can decrypt ${eventId}`);
  }

  close(): Promise<void> {
    return this.#engine.close();
  }

  async #takeToDevice(): Promise<void> {
    const since = this.#since ? `&since=${this.#since}` : "";
    const answer = await this.#request<{ next_batch: string; to_device?: { events: unknown[] } }>(
      "GET",
      `/_matrix/client/v3/sync?timeout=0${since}`,
    );
    this.#since = answer.next_batch;
    await this.#engine.machine.receiveSyncChanges(
      JSON.stringify(answer.to_device?.events ?? []),
      new wasm.DeviceLists(),
      new Map(),
    );
  }

  #post = (endpoint: string, jsonText: string) =>
    this.#request<object>("POST", `/_matrix/client/v3/${endpoint}`, JSON.parse(jsonText));

  #request<T>(method: string, path: string, body?: object): Promise<T> {
    return this.#synapse.request<T>(method, path, this.#session.accessToken, body);
  }
}
