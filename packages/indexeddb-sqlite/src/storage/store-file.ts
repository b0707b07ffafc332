import type { DatabaseSync } from "node:sqlite";
import { Catalog } from "./catalog.ts";
import { FileLock } from "./file-lock.ts";
import { openFile } from "./open-file.ts";
import { realPath } from "./real-path.ts";
import { RecordReader } from "./record-reader.ts";
import { RecordWriter } from "./record-writer.ts";
import { UndoLog } from "./undo-log.ts";

/** The one SQLite file behind a set of IndexedDB databases, owned by this process while it is open. */
export class StoreFile {
  readonly path: string;
  readonly catalog: Catalog;
  readonly reader: RecordReader;
  readonly writer: RecordWriter;
  readonly undoLog: UndoLog;
  readonly #lock: FileLock;
  readonly #connection: DatabaseSync;
  /** Set when unfinished work could not be taken back: only opening the file again can do that. */
  #broken: unknown;

  constructor(path: string) {
    this.path = realPath(path);
    this.#lock = new FileLock(this.path);
    try {
      this.#connection = openFile(this.path);
    } catch (error) {
      this.#lock.release();
      throw error;
    }
    this.#lock.remember();
    this.catalog = new Catalog(this.#connection);
    this.reader = new RecordReader(this.#connection);
    this.writer = new RecordWriter(this.#connection);
    this.undoLog = new UndoLog(this.#connection, this.catalog, this.writer);
    this.#recover();
  }

  /** Whether a SQLite transaction is open. It disappears by itself on some errors, such as a full disk. */
  get isWriting(): boolean {
    return this.#connection.isOpen && this.#connection.isTransaction;
  }

  /** To be called before each change. */
  begin(): void {
    if (this.isWriting) return;
    if (this.#broken) throw this.#broken;
    this.#lock.assertOwned();
    this.#connection.exec("BEGIN IMMEDIATE");
  }

  /** Returns when everything changed since begin() has been synced to the disk. */
  commit(): void {
    if (this.isWriting) this.#connection.exec("COMMIT");
  }

  rollback(): void {
    if (this.isWriting) this.#connection.exec("ROLLBACK");
  }

  /** Takes back what unfinished transactions did to these stores, and commits that. */
  revert(storeIds: Iterable<number>): void {
    try {
      this.begin();
      this.undoLog.undo(storeIds);
    } catch (error) {
      this.#broken = error;
      this.rollback();
    }
  }

  close(): void {
    this.rollback();
    this.#connection.close();
    this.#lock.release();
  }

  #recover(): void {
    const storeIds = this.undoLog.unfinishedStores();
    if (storeIds.length === 0) return;
    this.revert(storeIds);
    this.commit();
    if (this.#broken) {
      this.close();
      throw this.#broken;
    }
  }
}
