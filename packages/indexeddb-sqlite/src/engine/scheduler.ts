import type { ObjectStore } from "./schema.ts";
import type { TaskQueue } from "./task-queue.ts";
import type { WriteGroup, Writer } from "./write-group.ts";

/** Something that waits for its stores: a transaction, or the deletion of a database. */
export interface Scheduled extends Writer {
  /** False until the script that created it is over. */
  readonly isReady: boolean;
  start(): void;
}

/**
 * Decides when transactions start: https://w3c.github.io/IndexedDB/#transaction-scheduling
 * Those whose scopes overlap run in the order of their creation, unless all of them only read.
 */
export class Scheduler {
  readonly #tasks: TaskQueue;
  readonly #group: WriteGroup;
  /** In the order of creation; true for those that run. */
  readonly #live = new Map<Scheduled, boolean>();

  constructor(tasks: TaskQueue, group: WriteGroup) {
    this.#tasks = tasks;
    this.#group = group;
  }

  add(transaction: Scheduled): void {
    this.#live.set(transaction, false);
  }

  /** To be called when a transaction has become ready, or is over. */
  reconsider(): void {
    this.#tasks.push(() => this.#startRunnable());
  }

  remove(transaction: Scheduled): void {
    this.#live.delete(transaction);
    if (this.#live.size > 0) this.reconsider();
  }

  get live(): Scheduled[] {
    return [...this.#live.keys()];
  }

  #startRunnable(): void {
    const read = new Set<ObjectStore>();
    const written = new Set<ObjectStore>();
    for (const [transaction, isRunning] of this.#live) {
      if (!isRunning && this.#canStart(transaction, read, written)) {
        this.#live.set(transaction, true);
        if (transaction.mode !== "readonly") this.#group.join(transaction);
        transaction.start();
      }
      const taken = transaction.mode === "readonly" ? read : written;
      for (const store of transaction.scope) taken.add(store);
    }
  }

  #canStart(
    transaction: Scheduled,
    read: ReadonlySet<ObjectStore>,
    written: ReadonlySet<ObjectStore>,
  ): boolean {
    if (!transaction.isReady) return false;
    const reads = transaction.mode === "readonly";
    for (const store of transaction.scope)
      if (written.has(store) || (!reads && read.has(store))) return false;
    return reads || this.#group.admits(transaction);
  }
}
