import type { KeyPath } from "../keys/key-path.ts";
import type { RecordSource } from "../storage/record-reader.ts";

/** https://w3c.github.io/IndexedDB/#object-store-construct */
export class ObjectStore implements RecordSource {
  readonly id: number;
  readonly keyPath: KeyPath | null;
  readonly autoIncrement: boolean;
  /** The indexes as the script sees them. */
  readonly indexes = new Map<string, Index>();
  /** The indexes that requests keep up to date: an index joins or leaves when its turn among the requests comes. */
  readonly maintained = new Set<Index>();
  name: string;

  constructor(id: number, name: string, keyPath: KeyPath | null, autoIncrement: boolean) {
    this.id = id;
    this.name = name;
    this.keyPath = keyPath;
    this.autoIncrement = autoIncrement;
  }

  get storeId(): number {
    return this.id;
  }

  get indexId(): null {
    return null;
  }

  get maintainedIds(): number[] {
    return Array.from(this.maintained, ({ id }) => id);
  }
}

/** https://w3c.github.io/IndexedDB/#index-construct */
export class Index implements RecordSource {
  readonly id: number;
  readonly store: ObjectStore;
  readonly keyPath: KeyPath;
  readonly unique: boolean;
  readonly multiEntry: boolean;
  name: string;

  constructor(
    id: number,
    store: ObjectStore,
    {
      name,
      keyPath,
      unique,
      multiEntry,
    }: { name: string; keyPath: KeyPath; unique: boolean; multiEntry: boolean },
  ) {
    this.id = id;
    this.store = store;
    this.name = name;
    this.keyPath = keyPath;
    this.unique = unique;
    this.multiEntry = multiEntry;
  }

  get storeId(): number {
    return this.store.id;
  }

  get indexId(): number {
    return this.id;
  }
}
