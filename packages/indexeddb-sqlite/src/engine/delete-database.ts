import { storageException } from "../errors.ts";
import { TravellingEvent } from "../events/dispatch.ts";
import { fire } from "../events/fire.ts";
import { IDBVersionChangeEvent } from "../interfaces/idb-version-change-event.ts";
import type { Database } from "./database.ts";
import { assertOpen, closeOthers } from "./open-database.ts";
import type { Request } from "./request.ts";
import type { Scheduled } from "./scheduler.ts";
import type { Storage } from "./storage.ts";

/** https://w3c.github.io/IndexedDB/#delete-a-database */
export async function deleteDatabase(storage: Storage, name: string, request: Request): Promise<void> {
  let outcome: () => Event;
  try {
    assertOpen(storage);
    const database = storage.databases.get(name);
    const oldVersion = database?.version ?? 0;
    if (database) {
      await closeOthers(database, null, request, null);
      assertOpen(storage);
      await erase(database);
    }
    outcome = () => {
      request.succeed(undefined);
      return new IDBVersionChangeEvent("success", { oldVersion, newVersion: null });
    };
  } catch (error) {
    outcome = () => {
      request.fail(storageException(error));
      return new TravellingEvent("error", { bubbles: true, cancelable: true });
    };
  }
  await storage.tasks.run(async () => {
    await fire(outcome(), request.handle);
  });
}

/** Waits for its turn like an upgrade, and is one change of the file. */
function erase(database: Database): Promise<void> {
  const { storage } = database;
  const { scheduler, writers, file } = storage;
  return new Promise((resolve, reject) => {
    const deletion: Scheduled = {
      mode: "versionchange",
      scope: new Set(database.stores.values()),
      isReady: true,
      hasWritten: false,
      isLogged: false,
      abort: reject,
      start() {
        try {
          writers.beginChange(deletion);
          if (database.id !== null) file.catalog.deleteDatabase(database.id);
          writers.commit(deletion);
          storage.databases.delete(database.name);
          resolve();
        } catch (error) {
          writers.rollback(deletion);
          reject(error);
        } finally {
          scheduler.remove(deletion);
        }
      },
    };
    scheduler.add(deletion);
    scheduler.reconsider();
  });
}
