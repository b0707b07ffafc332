import { exception } from "../errors.ts";
import { TravellingEvent } from "../events/dispatch.ts";
import { fire } from "../events/fire.ts";
import { IDBDatabase } from "../interfaces/idb-database.ts";
import { INTERNAL } from "../webidl.ts";
import type { Database } from "./database.ts";
import type { ObjectStore } from "./schema.ts";
import type { Transaction } from "./transaction.ts";

/** https://w3c.github.io/IndexedDB/#connection-construct */
export class Connection {
  readonly database: Database;
  readonly handle: IDBDatabase;
  readonly transactions = new Set<Transaction>();
  version: number;
  stores: Map<string, ObjectStore>;
  closePending = false;
  /** The version before the upgrade, while one runs. */
  oldVersion = 0;
  /** The upgrade transaction while it lives. */
  upgrade: Transaction | null = null;

  constructor(database: Database, version: number) {
    this.database = database;
    this.version = version;
    this.stores = database.stores;
    this.handle = new IDBDatabase(INTERNAL, this);
    database.connections.add(this);
  }

  get isClosed(): boolean {
    return !this.database.connections.has(this);
  }

  /** https://w3c.github.io/IndexedDB/#close-a-database-connection */
  close(): void {
    this.closePending = true;
    this.settleClose();
  }

  /** A connection is closed when the last of its transactions is over. */
  settleClose(): void {
    if (this.closePending && this.transactions.size === 0 && !this.isClosed)
      this.database.connectionClosed(this);
  }

  forceClose(): void {
    const wasPending = this.closePending;
    this.closePending = true;
    for (const transaction of [...this.transactions]) {
      transaction.abort(exception("AbortError", "The database file was closed."));
    }
    this.settleClose();
    if (wasPending) return;
    this.database.storage.tasks.push(async () => {
      await fire(new TravellingEvent("close"), this.handle);
    });
  }
}
