import { exception, storageException } from "../errors.ts";
import { TravellingEvent } from "../events/dispatch.ts";
import { fire } from "../events/fire.ts";
import type { IDBObjectStore } from "../interfaces/idb-object-store.ts";
import { IDBRequest } from "../interfaces/idb-request.ts";
import { IDBTransaction } from "../interfaces/idb-transaction.ts";
import { INTERNAL } from "../webidl.ts";
import type { Connection } from "./connection.ts";
import { Fifo } from "./fifo.ts";
import { Request } from "./request.ts";
import type { Scheduled } from "./scheduler.ts";
import { Index, type ObjectStore } from "./schema.ts";
import type { Storage } from "./storage.ts";
import { afterMicrotasks } from "./task-queue.ts";
import type { TransactionMode } from "./write-group.ts";

export type TransactionDurability = "default" | "strict" | "relaxed";

/** What a request does when its turn comes. Its result is the request's result. */
export type Operation = () => unknown;

interface Entry {
  /** Null for work that has no request, such as filling a new index. */
  readonly request: Request | null;
  readonly operation: Operation;
  /** What has to be read first: the contents of blobs. */
  readonly ready: Promise<void> | null;
}

/** https://w3c.github.io/IndexedDB/#transaction-construct */
export class Transaction implements Scheduled {
  readonly storage: Storage;
  readonly connection: Connection;
  readonly mode: TransactionMode;
  readonly scope: Set<ObjectStore>;
  readonly durability: TransactionDurability;
  readonly handle: IDBTransaction;
  state: "active" | "inactive" | "committing" | "finished" = "active";
  error: DOMException | null = null;
  hasWritten = false;
  isLogged = false;
  isReady = false;
  /** What an upgrade does when its turn comes, before any request. */
  onStart: (() => void) | null = null;
  /** What is to be done after the last event. */
  onEnd: ((how: "complete" | "abort") => void) | null = null;
  readonly #entries = new Fifo<Entry>();
  readonly #reverts: (() => void)[] = [];
  readonly #storeHandles = new Map<ObjectStore, IDBObjectStore>();
  #isStarted = false;
  #isDispatching = false;

  constructor(
    connection: Connection,
    mode: TransactionMode,
    scope: Set<ObjectStore>,
    durability: TransactionDurability = "default",
  ) {
    this.connection = connection;
    this.storage = connection.database.storage;
    this.mode = mode;
    this.scope = scope;
    this.durability = durability;
    this.handle = new IDBTransaction(INTERNAL, this, connection.handle);
    connection.transactions.add(this);
    this.storage.scheduler.add(this);
  }

  /** https://w3c.github.io/IndexedDB/#cleanup-indexed-database-transactions */
  deactivateAfterScript(): void {
    afterMicrotasks(() => {
      this.isReady = true;
      if (this.state === "active") this.state = "inactive";
      if (this.state !== "finished") this.storage.scheduler.reconsider();
    });
  }

  assertActive(): void {
    if (this.state !== "active") throw exception("TransactionInactiveError");
  }

  start(): void {
    this.#isStarted = true;
    this.onStart?.();
    for (let waiting = this.#entries.length; waiting > 0; waiting--)
      this.storage.tasks.push(() => this.#runNext());
    this.commitIfIdle();
  }

  createRequest(source: object): Request {
    const request = new Request(source, this);
    request.handle = new IDBRequest(INTERNAL, request, this.handle);
    return request;
  }

  /** https://w3c.github.io/IndexedDB/#asynchronously-execute-a-request */
  execute(source: object, operation: Operation, ready: Promise<void> | null = null): IDBRequest {
    const request = this.createRequest(source);
    this.enqueue(request, operation, ready);
    return request.handle;
  }

  /** The same for a request that exists already, or for work that takes its turn but reports to nobody. */
  enqueue(request: Request | null, operation: Operation, ready: Promise<void> | null = null): void {
    this.#entries.push({ request, operation, ready });
    if (this.#isStarted) this.storage.tasks.push(() => this.#runNext());
  }

  /** The one handle that this transaction gives out for an object store. */
  handleFor(store: ObjectStore, create: () => IDBObjectStore): IDBObjectStore {
    const handle = this.#storeHandles.get(store) ?? create();
    this.#storeHandles.set(store, handle);
    return handle;
  }

  /** Whether the object store or index exists, as far as the script can see. */
  knows(source: ObjectStore | Index): boolean {
    if (source instanceof Index)
      return source.store.indexes.get(source.name) === source && this.knows(source.store);
    return this.connection.stores.get(source.name) === source;
  }

  /** Looks at a script's value, whose getters may run: they must not use the transaction. */
  whileInactive<T>(look: () => T): T {
    this.state = "inactive";
    try {
      return look();
    } finally {
      if (this.state === "inactive") this.state = "active"; // a getter may have aborted it
    }
  }

  /** To be called before each change of the storage. */
  beginChange(): void {
    this.storage.writers.beginChange(this);
  }

  /** How to take back a change of names and shapes, if the transaction aborts. */
  onAbort(revert: () => void): void {
    this.#reverts.push(revert);
  }

  /** https://w3c.github.io/IndexedDB/#commit-a-transaction */
  commit(): void {
    this.state = "committing";
    if (this.#isStarted) this.storage.tasks.push(() => this.#completeIfDone());
  }

  /** https://w3c.github.io/IndexedDB/#abort-a-transaction */
  abort(cause: unknown = null): void {
    if (this.state === "finished") return;
    this.state = "finished";
    this.error = cause === null ? null : storageException(cause);
    this.storage.writers.rollback(this);
    for (const revert of this.#reverts.reverse()) revert();
    for (const { request } of this.#entries.drain()) this.#failLater(request);
    this.storage.tasks.push(() => this.#end("abort"));
  }

  #failLater(request: Request | null): void {
    if (request === null) return;
    this.storage.tasks.push(async () => {
      request.fail(exception("AbortError"));
      await fire(new TravellingEvent("error", { bubbles: true, cancelable: true }), request.handle);
    });
  }

  async #runNext(): Promise<void> {
    const entry = this.#entries.shift();
    if (entry === undefined) return; // the transaction was aborted meanwhile
    const { request, operation, ready } = entry;
    let failure: unknown;
    let result: unknown;
    try {
      if (ready) await ready;
      if (this.state === "finished") throw exception("AbortError"); // aborted while waiting
      result = operation();
    } catch (error) {
      failure = error;
      this.storage.writers.checkForLoss(error);
    }
    if (request === null) {
      if (failure !== undefined) this.abort(failure);
    } else if (failure === undefined) {
      request.succeed(result);
      await this.#fireSuccess(request);
    } else if (this.state === "committing") {
      this.#failLater(request);
      this.abort(failure);
    } else {
      request.fail(storageException(failure));
      await this.#fireError(request, failure);
    }
    this.commitIfIdle();
  }

  /** https://w3c.github.io/IndexedDB/#fire-a-success-event */
  async #fireSuccess(request: Request): Promise<void> {
    const threw = await this.dispatchActively(() => fire(new TravellingEvent("success"), request.handle));
    if (threw) this.abort(exception("AbortError", "An event listener threw an exception."));
  }

  /** https://w3c.github.io/IndexedDB/#fire-an-error-event */
  async #fireError(request: Request, failure: unknown): Promise<void> {
    const event = new TravellingEvent("error", { bubbles: true, cancelable: true });
    const threw = await this.dispatchActively(() => fire(event, request.handle));
    if (threw) this.abort(exception("AbortError", "An event listener threw an exception."));
    else if (!event.defaultPrevented || !(failure instanceof DOMException)) this.abort(failure);
  }

  /** Dispatches an event with the transaction active. Says whether a listener threw and that matters still. */
  async dispatchActively(dispatch: () => Promise<{ threw: boolean }>): Promise<boolean> {
    if (this.state === "inactive") this.state = "active";
    this.#isDispatching = true;
    const { threw } = await dispatch();
    this.#isDispatching = false;
    if (this.state !== "active") return false;
    this.state = "inactive";
    return threw;
  }

  /** Nothing waits, and nothing more can come. */
  commitIfIdle(): void {
    if (!this.#entries.isEmpty) return;
    if (this.state === "inactive") this.commit();
    else if (this.state === "committing") this.storage.tasks.push(() => this.#completeIfDone());
  }

  async #completeIfDone(): Promise<void> {
    if (this.state !== "committing" || !this.#entries.isEmpty || this.#isDispatching) return;
    try {
      this.storage.writers.commit(this);
    } catch (error) {
      this.abort(error);
      return;
    }
    this.state = "finished";
    await this.#end("complete");
  }

  async #end(how: "complete" | "abort"): Promise<void> {
    if (this.mode === "versionchange") this.connection.upgrade = null;
    await fire(new TravellingEvent(how, { bubbles: how === "abort" }), this.handle);
    this.connection.transactions.delete(this);
    this.storage.scheduler.remove(this);
    this.onEnd?.(how);
    this.connection.settleClose();
  }
}
