import { StoreFile } from "../storage/store-file.ts";
import { Database } from "./database.ts";
import { Scheduler } from "./scheduler.ts";
import { TaskQueue } from "./task-queue.ts";
import { WriteGroup } from "./write-group.ts";

/** Everything behind one open file: its databases, its tasks and its transactions. */
export class Storage {
  readonly file: StoreFile;
  readonly tasks = new TaskQueue();
  readonly writers: WriteGroup;
  readonly scheduler: Scheduler;
  readonly databases = new Map<string, Database>();
  isClosed = false;
  readonly #queues = new Map<string, Promise<void>>();

  constructor(path: string) {
    this.file = new StoreFile(path);
    this.writers = new WriteGroup(this.file);
    this.scheduler = new Scheduler(this.tasks, this.writers);
    for (const row of this.file.catalog.databases()) this.databases.set(row.name, new Database(this, row));
  }

  /**
   * https://w3c.github.io/IndexedDB/#connection-queues
   * Requests to open or delete a database of one name are processed one after the other.
   */
  enqueue(name: string, process: () => Promise<void>): void {
    const previous = this.#queues.get(name) ?? Promise.resolve();
    const current = previous.then(process).finally(() => {
      if (this.#queues.get(name) === current) this.#queues.delete(name);
    });
    this.#queues.set(name, current);
  }

  /** Aborts what still runs, closes every connection and gives the file free. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const database of this.databases.values()) database.forceClose();
    this.file.close();
  }
}
