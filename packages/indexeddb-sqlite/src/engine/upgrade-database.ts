import { exception } from "../errors.ts";
import { fire } from "../events/fire.ts";
import { IDBVersionChangeEvent } from "../interfaces/idb-version-change-event.ts";
import type { Connection } from "./connection.ts";
import type { Request } from "./request.ts";
import { Transaction } from "./transaction.ts";

/**
 * https://w3c.github.io/IndexedDB/#upgrade-a-database
 * Fulfilled when the upgrade has been committed, rejected if it was aborted.
 */
export async function upgradeDatabase(
  connection: Connection,
  version: number,
  request: Request,
): Promise<void> {
  const { database } = connection;
  const { storage } = database;
  const transaction = new Transaction(connection, "versionchange", new Set(database.stores.values()));
  connection.upgrade = transaction;
  const ended = new Promise<"complete" | "abort">((resolve) => {
    transaction.onEnd = resolve;
  });
  transaction.onStart = () => storage.tasks.push(() => announce(transaction, version, request));
  transaction.isReady = true;
  storage.scheduler.reconsider();
  const how = await ended;
  request.transaction = null;
  if (how === "complete") return;
  request.reset();
  throw exception("AbortError", "The upgrade transaction was aborted.");
}

async function announce(transaction: Transaction, newVersion: number, request: Request): Promise<void> {
  const { connection } = transaction;
  const oldVersion = connection.database.version;
  try {
    setVersion(transaction, newVersion);
  } catch (error) {
    transaction.abort(error);
    return;
  }
  request.transaction = transaction;
  request.succeed(connection.handle);
  const event = new IDBVersionChangeEvent("upgradeneeded", { oldVersion, newVersion });
  const threw = await transaction.dispatchActively(() => fire(event, request.handle));
  if (threw) transaction.abort(exception("AbortError", "The upgradeneeded listener threw an exception."));
  transaction.commitIfIdle();
}

/** Enters the version, in the file within the transaction and in memory until it might be aborted. */
function setVersion(transaction: Transaction, version: number): void {
  const { connection, storage } = transaction;
  const { database } = connection;
  const { id, version: oldVersion, stores } = database;
  connection.oldVersion = oldVersion;
  transaction.beginChange();
  database.id ??= storage.file.catalog.createDatabase(database.name);
  storage.file.catalog.setVersion(database.id, version);
  database.version = version;
  database.stores = new Map(stores);
  connection.stores = database.stores;
  transaction.onAbort(() => {
    database.id = id;
    database.version = oldVersion;
    database.stores = stores;
    connection.version = oldVersion;
    connection.stores = stores;
  });
}
