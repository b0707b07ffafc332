import type { KeyRequest, KeyServer } from "../../src/model/ports.ts";

type Signed = { keys?: Record<string, string>; signatures?: Record<string, Record<string, string>> };
type ByUser<T> = Record<string, T>;

/** The keys part of a homeserver, in memory: as much of it as two devices need to verify each other. */
export class KeyExchange {
  readonly #devices: ByUser<Record<string, Signed>> = {};
  readonly #master: ByUser<Signed> = {};
  readonly #selfSigning: ByUser<Signed> = {};
  readonly #userSigning: ByUser<Signed> = {};

  /** What a device sees of it. */
  serverFor(userId: string): KeyServer {
    return { send: async (request) => JSON.stringify(this.#answer(userId, request)) };
  }

  /** `body` is that of a request to `/keys/device_signing/upload`. */
  publishIdentity(userId: string, body: string): void {
    const content = JSON.parse(body);
    this.#master[userId] = content.master_key;
    this.#selfSigning[userId] = content.self_signing_key;
    this.#userSigning[userId] = content.user_signing_key;
  }

  #answer(userId: string, { kind, body }: KeyRequest): unknown {
    const content = JSON.parse(body);
    switch (kind) {
      case "keys-upload":
        return this.#uploadKeys(content);
      case "keys-query":
        return this.#query(userId, Object.keys(content.device_keys));
      case "signatures-upload":
        return this.#sign(content);
      default:
        return {};
    }
  }

  #uploadKeys({ device_keys: keys }: { device_keys?: Signed & { user_id: string; device_id: string } }) {
    if (keys) this.#devices[keys.user_id] = { ...this.#devices[keys.user_id], [keys.device_id]: keys };
    return { one_time_key_counts: { signed_curve25519: 50 } };
  }

  #query(asker: string, userIds: string[]) {
    const of = <T>(held: ByUser<T>, who = userIds): ByUser<T> =>
      Object.fromEntries(who.flatMap((id) => (held[id] ? [[id, held[id]]] : [])));
    return {
      device_keys: of(this.#devices),
      master_keys: of(this.#master),
      self_signing_keys: of(this.#selfSigning),
      user_signing_keys: of(
        this.#userSigning,
        userIds.filter((id) => id === asker),
      ),
    };
  }

  #sign(uploaded: ByUser<Record<string, Signed>>) {
    for (const [userId, objects] of Object.entries(uploaded)) {
      for (const [id, { signatures = {} }] of Object.entries(objects)) {
        const master = this.#master[userId];
        const target = this.#devices[userId]?.[id] ?? master;
        for (const [signer, made] of Object.entries(signatures)) {
          if (target)
            target.signatures = {
              ...target.signatures,
              [signer]: { ...target.signatures?.[signer], ...made },
            };
        }
      }
    }
    return { failures: {} };
  }
}
