import { wasm } from "@matrix-org/matrix-sdk-crypto-nodejs/engine";
import type { KeyRequest, KeyServer } from "../../src/model/ports.ts";

type Json = Record<string, unknown>;
type ByDevice = Record<string, Record<string, Json>>;

/** An engine that keeps nothing. */
async function machineInMemory(userId: string, deviceId: string): Promise<wasm.OlmMachine> {
  const handle = await wasm.StoreHandle.open(null, null);
  return wasm.OlmMachine.initFromStore(new wasm.UserId(userId), new wasm.DeviceId(deviceId), handle);
}

/**
 * Members with real engines, and the key endpoints of their homeserver in memory: a room of hundreds takes a real one
 * minutes to fill. That Synapse answers in the same way is shown by the end-to-end suite.
 */
export class ManyDevices implements KeyServer {
  readonly requests: KeyRequest[] = [];
  readonly userIds: string[] = [];
  /** Homeservers that the members' own could not reach. */
  failures: Record<string, object> = {};
  readonly #ownUserId: string;
  /** Awaited with each request before it is answered. */
  onRequest: (request: KeyRequest) => Promise<void> | void = () => undefined;
  readonly #machines = new Map<string, wasm.OlmMachine>();
  readonly #deviceKeys: ByDevice = {};
  readonly #oneTimeKeys = new Map<string, [string, unknown][]>();
  readonly #inbox = new Map<string, Json[]>();

  private constructor(ownUserId: string) {
    this.#ownUserId = ownUserId;
  }

  /** The engine of who sends, new each time; what went before is forgotten. */
  sender(): Promise<wasm.OlmMachine> {
    this.requests.length = 0;
    this.failures = {};
    this.onRequest = () => undefined;
    this.#inbox.clear();
    return machineInMemory(this.#ownUserId, "SOTTO1");
  }

  static async create(ownUserId: string, count: number, server = "example.org"): Promise<ManyDevices> {
    const room = new ManyDevices(ownUserId);
    for (let index = 0; index < count; index += 1) {
      const userId = `@user${String(index).padStart(3, "0")}:${server}`;
      const machine = await machineInMemory(userId, "PHONE");
      for (const request of await machine.outgoingRequests()) {
        if (!(request instanceof wasm.KeysUploadRequest)) continue;
        const { device_keys, one_time_keys } = JSON.parse(request.body);
        room.#deviceKeys[userId] = { PHONE: device_keys };
        room.#oneTimeKeys.set(userId, Object.entries(one_time_keys));
        const answer = JSON.stringify({ one_time_key_counts: { signed_curve25519: 50 } });
        await machine.markRequestAsSent(request.id, request.type, answer);
      }
      room.userIds.push(userId);
      room.#machines.set(userId, machine);
    }
    return room;
  }

  async send(request: KeyRequest): Promise<string> {
    this.requests.push(request);
    await this.onRequest(request);
    const body = JSON.parse(request.body);
    switch (request.kind) {
      case "keys-upload":
        if (body.device_keys) this.#deviceKeys[this.#ownUserId] = { SOTTO1: body.device_keys };
        return JSON.stringify({ one_time_key_counts: { signed_curve25519: 50 } });
      case "keys-query":
        return JSON.stringify({ device_keys: this.#deviceKeys, failures: this.failures });
      case "keys-claim":
        return JSON.stringify({ one_time_keys: this.#claimed(body.one_time_keys), failures: this.failures });
      case "to-device":
        this.#deliver(request.eventType, body.messages);
        return "{}";
      default:
        throw new Error(`nobody here answers ${request.kind}`);
    }
  }

  /** How many to-device messages a member has got so far. */
  received = (userId: string): number => this.#inbox.get(userId)?.length ?? 0;

  /** What the member's own engine makes of an event. */
  async read(userId: string, roomId: string, content: object): Promise<Json> {
    const machine = this.#machines.get(userId)!;
    const inbox = JSON.stringify(this.#inbox.get(userId) ?? []);
    await machine.receiveSyncChanges(inbox, new wasm.DeviceLists(), new Map());
    const event = { type: "m.room.encrypted", event_id: "$1", origin_server_ts: 1, content };
    const json = JSON.stringify({ ...event, sender: this.#ownUserId });
    const settings = new wasm.DecryptionSettings(wasm.TrustRequirement.Untrusted);
    return JSON.parse((await machine.decryptRoomEvent(json, new wasm.RoomId(roomId), settings)).event);
  }

  #claimed(wanted: ByDevice): ByDevice {
    const claimed = Object.entries(wanted).map(([userId, devices]) => {
      const key = this.#oneTimeKeys.get(userId)?.shift();
      return [
        userId,
        Object.fromEntries(Object.keys(devices).map((id) => [id, key ? { [key[0]]: key[1] } : {}])),
      ];
    });
    return Object.fromEntries(claimed);
  }

  #deliver(type: string | undefined, messages: ByDevice): void {
    for (const [userId, devices] of Object.entries(messages)) {
      const events = Object.values(devices).map((content) => ({
        sender: this.#ownUserId,
        type,
        content,
      }));
      this.#inbox.set(userId, [...(this.#inbox.get(userId) ?? []), ...events]);
    }
  }
}
