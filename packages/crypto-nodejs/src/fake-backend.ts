// Temporary stand-in for indexeddb-sqlite: in memory, one factory per path.
import * as fake from "fake-indexeddb";

const factories = new Map<string, InstanceType<typeof fake.IDBFactory>>();

export function openIndexedDB(path: string) {
  const indexedDB = factories.get(path) ?? new fake.IDBFactory();
  factories.set(path, indexedDB);
  return {
    ...(fake as unknown as Record<string, unknown>),
    indexedDB: indexedDB as unknown as {
      open(name: string, version?: number): unknown;
      databases(): Promise<{ name?: string; version?: number }[]>;
    },
    close() {},
  };
}
