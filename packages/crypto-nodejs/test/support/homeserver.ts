import type { OlmMachine } from "../../src/index.ts";
import { DeviceLists, RequestType, UserId } from "../../src/index.ts";

type Json = Record<string, unknown>;
type ByUser<T> = Record<string, T>;

interface Device {
  keys: Json;
  oneTimeKeys: [string, unknown][];
  inbox: Json[];
}

/**
 * A fake: the key and to-device endpoints of a homeserver as far as two machines need them to talk, in memory, with no
 * check of anything. What real servers do is tested against one, outside this package.
 */
export class FakeHomeserver {
  readonly devices: ByUser<Record<string, Device>> = {};
  readonly masterKeys: ByUser<unknown> = {};
  readonly selfSigningKeys: ByUser<unknown> = {};
  readonly userSigningKeys: ByUser<unknown> = {};
  /** How often each endpoint was called. */
  readonly calls: Record<string, number> = {};

  upload(user: string, deviceId: string, body: Json): Json {
    this.#count("upload");
    this.devices[user] ??= {};
    this.devices[user][deviceId] ??= { keys: {}, oneTimeKeys: [], inbox: [] };
    const device = this.devices[user][deviceId];
    if (body.device_keys) device.keys = body.device_keys as Json;
    device.oneTimeKeys.push(...Object.entries((body.one_time_keys ?? {}) as Json));
    return { one_time_key_counts: { signed_curve25519: device.oneTimeKeys.length } };
  }

  query(body: Json): Json {
    this.#count("query");
    const users = Object.keys(body.device_keys as Json);
    const pick = <T>(from: ByUser<T>) =>
      Object.fromEntries(users.flatMap((user) => (from[user] ? [[user, from[user]]] : [])));
    const keys = users.map((user) => [
      user,
      Object.fromEntries(Object.entries(this.devices[user] ?? {}).map(([id, device]) => [id, device.keys])),
    ]);
    return {
      device_keys: Object.fromEntries(keys),
      master_keys: pick(this.masterKeys),
      self_signing_keys: pick(this.selfSigningKeys),
      user_signing_keys: pick(this.userSigningKeys),
      failures: {},
    };
  }

  claim(body: Json): Json {
    this.#count("claim");
    const claimed = Object.entries(body.one_time_keys as ByUser<Json>).map(([user, devices]) => [
      user,
      Object.fromEntries(
        Object.keys(devices).map((id) => {
          const key = this.devices[user]?.[id]?.oneTimeKeys.shift();
          return [id, key ? { [key[0]]: key[1] } : {}];
        }),
      ),
    ]);
    return { one_time_keys: Object.fromEntries(claimed), failures: {} };
  }

  sendToDevice(sender: string, type: string, messages: ByUser<Json>): Json {
    this.#count("sendToDevice");
    for (const [user, byDevice] of Object.entries(messages)) {
      for (const [id, content] of Object.entries(byDevice)) {
        this.devices[user]?.[id]?.inbox.push({ sender, type, content });
      }
    }
    return {};
  }

  takeInbox(user: string, deviceId: string): Json[] {
    return this.devices[user]?.[deviceId]?.inbox.splice(0) ?? [];
  }

  /** Sends whatever the machine wants sent. */
  async run(machine: OlmMachine): Promise<void> {
    for (const request of await machine.outgoingRequests()) await this.send(machine, request);
  }

  async send(machine: OlmMachine, request: { id: string; type: RequestType; body: string }): Promise<void> {
    const answer = this.#answer(machine, request.type, JSON.parse(request.body));
    await machine.markRequestAsSent(request.id, request.type, JSON.stringify(answer));
  }

  /** Feeds the machine what a sync would bring. Returns what `receiveSyncChanges` returned. */
  async sync(machine: OlmMachine, changed: string[] = []): Promise<string> {
    const [user, device] = [machine.userId.toString(), machine.deviceId.toString()];
    return machine.receiveSyncChanges(
      JSON.stringify(this.takeInbox(user, device)),
      new DeviceLists(changed.map((id) => new UserId(id))),
      { signed_curve25519: this.devices[user]?.[device]?.oneTimeKeys.length ?? 0 },
      [],
    );
  }

  #answer(machine: OlmMachine, type: RequestType, body: Json): Json {
    const user = machine.userId.toString();
    switch (type) {
      case RequestType.KeysUpload:
        return this.upload(user, machine.deviceId.toString(), body);
      case RequestType.KeysQuery:
        return this.query(body);
      case RequestType.KeysClaim:
        return this.claim(body);
      case RequestType.ToDevice:
        return this.sendToDevice(user, body.event_type as string, body.messages as ByUser<Json>);
      case RequestType.KeysBackup:
        return { etag: "1", count: 1 };
      default:
        throw new Error(`the fake homeserver has no endpoint for request type ${type}`);
    }
  }

  #count(endpoint: string): void {
    this.calls[endpoint] = (this.calls[endpoint] ?? 0) + 1;
  }
}
