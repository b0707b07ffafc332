/**
 * Matrix identifiers (https://spec.matrix.org/latest/appendices/#identifier-grammar), held as strings: the engine's own
 * objects are consumed by the calls that take lists of them, whereas callers of the native package use theirs again.
 */
import * as wasm from "@matrix-org/matrix-sdk-crypto-wasm";
import { DeviceKeyAlgorithmName, sameName } from "./enums.ts";
import { fromEngine } from "./from-engine.ts";

abstract class Identifier {
  readonly #id: string;

  constructor(id: string) {
    if (typeof id !== "string") throw new TypeError(`${new.target.name} takes a string, not ${typeof id}`);
    this.#id = id;
  }

  toString(): string {
    return this.#id;
  }
}

export class UserId extends Identifier {
  readonly #historical: boolean;

  constructor(id: string) {
    super(id);
    const parsed = new wasm.UserId(id);
    this.#historical = parsed.isHistorical();
    parsed.free();
  }

  get localpart(): string {
    const id = this.toString();
    return id.slice(1, id.indexOf(":"));
  }

  get serverName(): ServerName {
    const id = this.toString();
    return new ServerName(id.slice(id.indexOf(":") + 1));
  }

  /** Whether it only conforms to the grammar of the past. */
  isHistorical(): boolean {
    return this.#historical;
  }

  /** @internal */
  get engine(): wasm.UserId {
    return new wasm.UserId(this.toString());
  }
}

/** Opaque: any string is one. */
export class DeviceId extends Identifier {
  /** @internal */
  get engine(): wasm.DeviceId {
    return new wasm.DeviceId(this.toString());
  }
}

export class RoomId extends Identifier {
  constructor(id: string) {
    super(id);
    new wasm.RoomId(id).free();
  }

  /** @internal */
  get engine(): wasm.RoomId {
    return new wasm.RoomId(this.toString());
  }
}

/** A key algorithm and a device ID, joined by a colon. */
export class DeviceKeyId extends Identifier {
  constructor(id: string) {
    super(id);
    new wasm.DeviceKeyId(id).free();
  }

  get algorithm(): DeviceKeyAlgorithm {
    return new DeviceKeyAlgorithm(this.engine.algorithm);
  }

  get deviceId(): DeviceId {
    return new DeviceId(this.engine.deviceId.toString());
  }

  /** @internal */
  get engine(): wasm.DeviceKeyId {
    return new wasm.DeviceKeyId(this.toString());
  }
}

export class DeviceKeyAlgorithm {
  readonly #inner: wasm.DeviceKeyAlgorithm;

  /** @internal */
  constructor(inner: wasm.DeviceKeyAlgorithm) {
    this.#inner = fromEngine(wasm.DeviceKeyAlgorithm, inner);
  }

  /** `Unknown` for anything but the two below; `toString` still has the name. */
  get name(): DeviceKeyAlgorithmName {
    return sameName(this.#inner.name, wasm.DeviceKeyAlgorithmName, DeviceKeyAlgorithmName);
  }

  toString(): string {
    return this.#inner.toString();
  }
}

export class ServerName {
  readonly #inner: wasm.ServerName;

  constructor(name: string) {
    this.#inner = new wasm.ServerName(name);
  }

  get host(): string {
    return this.#inner.host;
  }

  get port(): number | null {
    return this.#inner.port ?? null;
  }

  isIpLiteral(): boolean {
    return this.#inner.isIpLiteral();
  }
}

/** The engine's objects for a list of users: made anew for each call, because the call consumes them. */
export function engineUsers(users: readonly UserId[]): wasm.UserId[] {
  return users.map((user) => {
    if (user instanceof UserId) return user.engine;
    throw new TypeError(`Expected a UserId, got ${JSON.stringify(user)}`);
  });
}
