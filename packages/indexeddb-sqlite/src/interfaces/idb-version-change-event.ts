import { defineInterface, enforceUnsignedLongLong, toDictionary } from "../webidl.ts";

export interface IDBVersionChangeEventInit {
  bubbles?: boolean;
  cancelable?: boolean;
  composed?: boolean;
  oldVersion?: number;
  newVersion?: number | null;
}

/** https://w3c.github.io/IndexedDB/#idbversionchangeevent */
export class IDBVersionChangeEvent extends Event {
  readonly #oldVersion: number;
  readonly #newVersion: number | null;

  constructor(type: string, init: IDBVersionChangeEventInit | undefined = undefined) {
    super(type, init);
    const { newVersion, oldVersion } = toDictionary(init);
    this.#newVersion =
      newVersion === undefined || newVersion === null ? null : enforceUnsignedLongLong(newVersion);
    this.#oldVersion = oldVersion === undefined ? 0 : enforceUnsignedLongLong(oldVersion);
  }

  get oldVersion(): number {
    return this.#oldVersion;
  }

  get newVersion(): number | null {
    return this.#newVersion;
  }
}

defineInterface(IDBVersionChangeEvent, { constructor: 1 });
