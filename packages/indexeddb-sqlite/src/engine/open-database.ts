import { exception, storageException } from "../errors.ts";
import { TravellingEvent } from "../events/dispatch.ts";
import { fire } from "../events/fire.ts";
import { IDBVersionChangeEvent } from "../interfaces/idb-version-change-event.ts";
import { Connection } from "./connection.ts";
import { Database } from "./database.ts";
import type { Request } from "./request.ts";
import type { Storage } from "./storage.ts";
import { upgradeDatabase } from "./upgrade-database.ts";

/** https://w3c.github.io/IndexedDB/#opening */
export async function openDatabase(storage: Storage, name: string, version: number | null, request: Request) {
  try {
    const connection = await connect(storage, name, version, request);
    await storage.tasks.run(async () => {
      request.succeed(connection.handle);
      await fire(new TravellingEvent("success"), request.handle);
    });
  } catch (error) {
    await storage.tasks.run(async () => {
      request.fail(storageException(error));
      await fire(new TravellingEvent("error", { bubbles: true, cancelable: true }), request.handle);
    });
  }
}

async function connect(
  storage: Storage,
  name: string,
  requested: number | null,
  request: Request,
): Promise<Connection> {
  assertOpen(storage);
  const database = storage.databases.get(name) ?? new Database(storage, { id: null, name, version: 0 });
  storage.databases.set(name, database);
  const version = requested ?? (database.version || 1);
  if (database.version > version) {
    throw exception("VersionError", `Version ${version} was asked for, but ${database.version} exists.`);
  }
  const connection = new Connection(database, version);
  if (database.version === version) return connection;
  try {
    await closeOthers(database, connection, request, version);
    assertOpen(storage);
    await upgradeDatabase(connection, version, request);
    if (connection.closePending)
      throw exception("AbortError", "The connection was closed during the upgrade.");
    return connection;
  } catch (error) {
    connection.close();
    if (database.id === null) storage.databases.delete(name);
    throw error;
  }
}

export function assertOpen(storage: Storage): void {
  if (storage.isClosed)
    throw exception("InvalidStateError", `${storage.file.path} was closed by this process.`);
}

/**
 * The steps that opening and deleting share: tells the other connections what is going to happen, tells the
 * request if some stay open nevertheless, and waits until all are closed.
 */
export async function closeOthers(
  database: Database,
  own: Connection | null,
  request: Request,
  newVersion: number | null,
): Promise<void> {
  const { tasks } = database.storage;
  const oldVersion = database.version;
  const others = [...database.connections].filter((connection) => connection !== own);
  const notice = (type: string) => new IDBVersionChangeEvent(type, { oldVersion, newVersion });
  await Promise.all(
    others.map((connection) =>
      tasks.run(async () => {
        if (!connection.closePending) await fire(notice("versionchange"), connection.handle);
      }),
    ),
  );
  if (others.some((connection) => !connection.isClosed)) {
    await tasks.run(async () => {
      await fire(notice("blocked"), request.handle);
    });
  }
  await database.othersClosed(own);
}
