import type { IDBValidKey } from "../keys/key.ts";
import { assertInternal, defineInterface } from "../webidl.ts";

/** https://w3c.github.io/IndexedDB/#record-interface */
export class IDBRecord {
  readonly #key: IDBValidKey;
  readonly #primaryKey: IDBValidKey;
  readonly #value: unknown;

  constructor(token?: symbol, key?: IDBValidKey, primaryKey?: IDBValidKey, value?: unknown) {
    assertInternal(token);
    this.#key = key!;
    this.#primaryKey = primaryKey!;
    this.#value = value;
  }

  get key(): IDBValidKey {
    return this.#key;
  }

  get primaryKey(): IDBValidKey {
    return this.#primaryKey;
  }

  get value(): unknown {
    return this.#value;
  }
}

defineInterface(IDBRecord);
