import { randomBytes } from "node:crypto";
import type { Session, Synapse } from "../../../synapse-dev/synapse.ts";
import { foreignDevice, foreignIdentity } from "../../witness/sign-listener.ts";

type Keys = ReturnType<typeof foreignDevice> & { signatures?: Record<string, Record<string, string>> };

/** Somebody with an account, whose client does no more than is asked of it: publish keys, and sign them. */
export class Person {
  readonly userId: string;
  readonly #synapse: Synapse;
  readonly #password: string;
  #session: Session;
  #last: Session;
  #identity: ReturnType<typeof foreignIdentity> | undefined;
  /** By device ID. */
  readonly #keys = new Map<string, Keys>();

  private constructor(synapse: Synapse, session: Session, password: string) {
    this.#synapse = synapse;
    this.#session = session;
    this.#last = session;
    this.#password = password;
    this.userId = session.userId;
  }

  /** With an identity and a device that it has signed, unless told otherwise. */
  static async register(
    synapse: Synapse,
    name: string,
    { identity = true, keys = true }: { identity?: boolean; keys?: boolean } = {},
  ): Promise<Person> {
    const password = randomBytes(12).toString("hex");
    const person = new Person(synapse, await synapse.registerUser(name, password), password);
    if (keys) await person.publish(person.#session);
    if (identity) await person.newIdentity();
    return person;
  }

  /** Logs in to an account that somebody else has made, and sets up what a client does. */
  static async enter(synapse: Synapse, userId: string, password: string): Promise<Person> {
    const person = new Person(synapse, await synapse.login(userId, password), password);
    await person.publish(person.#session);
    await person.newIdentity();
    return person;
  }

  /** As after a comparison of keys. */
  async verify(other: Person): Promise<void> {
    const signed = this.#identity!.signUser(other.#identity!.master);
    await this.call("POST", "keys/signatures/upload", { [other.userId]: { [other.masterKey]: signed } });
  }

  get deviceId(): string {
    return this.#session.deviceId;
  }
  get lastDeviceId(): string {
    return this.#last.deviceId;
  }
  get masterKey(): string {
    return Object.values(this.#identity!.master.keys)[0]!;
  }

  call<T = object>(method: string, path: string, body?: object, { accessToken } = this.#session): Promise<T> {
    return this.#synapse.request<T>(method, `/_matrix/client/v3/${path}`, accessToken, body);
  }

  join(roomId: string): Promise<object> {
    return this.call("POST", `join/${encodeURIComponent(roomId)}`, {});
  }

  /** A device's keys, which it has signed itself unless a homeserver has changed them. */
  async publish(session: Session, change: Partial<Keys> = {}): Promise<void> {
    const keys = { ...foreignDevice(this.userId, session.deviceId), ...change };
    this.#keys.set(session.deviceId, keys);
    await this.call("POST", "keys/upload", { device_keys: keys }, session);
  }

  /** One more device with keys. */
  async logIn(change: Partial<Keys> = {}): Promise<void> {
    this.#last = await this.#synapse.login(this.userId, this.#password);
    await this.publish(this.#last, change);
  }

  async logOutLast(): Promise<void> {
    await this.call("POST", "logout", {}, this.#last);
  }

  /** Logs in anew, and out where they were. */
  async changeDevice({ signed }: { signed: boolean }): Promise<void> {
    await this.logIn();
    if (signed) await this.signLast();
    await this.call("POST", "logout", {});
    this.#session = this.#last;
  }

  signLast(): Promise<void> {
    return this.sign(this.#last.deviceId);
  }

  upload(): Promise<{ content_uri: string }> {
    const path = "/_matrix/media/v3/upload?filename=noise";
    return this.#synapse.request("POST", path, this.#session.accessToken, randomBytes(16).toString("hex"));
  }

  /** Makes an identity, or another one, which signs the device that the account was made with. */
  async newIdentity(parts: "whole" | "master only" = "whole"): Promise<void> {
    this.#identity = foreignIdentity(this.userId);
    const { master, selfSigning, userSigning } = this.#identity;
    await this.call("POST", "keys/device_signing/upload", {
      master_key: master,
      ...(parts === "whole" && { self_signing_key: selfSigning, user_signing_key: userSigning }),
      auth: {
        type: "m.login.password",
        identifier: { type: "m.id.user", user: this.userId },
        password: this.#password,
      },
    });
    if (parts === "whole" && this.#keys.size > 0) await this.sign(this.deviceId);
  }

  /** Their identity signs a device of theirs. */
  async sign(deviceId: string): Promise<void> {
    const signed = this.#identity!.sign(this.#keys.get(deviceId)!);
    const { failures } = await this.call<{ failures: object }>("POST", "keys/signatures/upload", {
      [this.userId]: { [deviceId]: signed },
    });
    if (Object.keys(failures).length > 0) throw new Error(JSON.stringify(failures));
  }
}
