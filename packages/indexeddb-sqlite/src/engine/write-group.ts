import type { StoreFile } from "../storage/store-file.ts";
import type { ObjectStore } from "./schema.ts";

export type TransactionMode = "readonly" | "readwrite" | "versionchange";

/** A read-write transaction, as far as the storage is concerned. */
export interface Writer {
  readonly mode: TransactionMode;
  readonly scope: ReadonlySet<ObjectStore>;
  /** Whether there is anything to commit or to take back. */
  hasWritten: boolean;
  /** Whether its changes go to the undo log, so that it may share SQLite's transaction with others. */
  isLogged: boolean;
  /** The storage failed and took its changes with it. */
  abort(error: unknown): void;
}

/**
 * The read-write transactions that run now. Usually there is one, and it simply is the SQLite transaction.
 * If there are more, on different object stores, they share SQLite's transaction with the help of the undo log.
 */
export class WriteGroup {
  readonly #file: StoreFile;
  readonly #members = new Set<Writer>();
  #hasBegun = false;

  constructor(file: StoreFile) {
    this.#file = file;
  }

  /** Whether a writer may run now. One that has written without a log must be alone until it ends. */
  admits(candidate: Writer): boolean {
    if (this.#members.size === 0) return true;
    if (candidate.mode === "versionchange") return false;
    for (const member of this.#members) {
      if (member.mode === "versionchange" || (member.hasWritten && !member.isLogged)) return false;
    }
    return true;
  }

  join(writer: Writer): void {
    this.#members.add(writer);
    if (this.#members.size === 1) return;
    for (const member of this.#members) member.isLogged = true;
  }

  /** To be called before each change. */
  beginChange(writer: Writer): void {
    this.#file.begin();
    this.#hasBegun = true;
    writer.hasWritten = true;
  }

  /** Returns when the writer's changes are on the disk, or throws and has taken them back. */
  commit(writer: Writer): void {
    this.#members.delete(writer);
    if (!writer.hasWritten) {
      this.#settle();
      return;
    }
    try {
      if (writer.isLogged) {
        this.#file.begin();
        this.#file.undoLog.forget(storeIds(writer));
      }
      this.#file.commit();
      this.#hasBegun = false;
    } catch (error) {
      this.#file.rollback();
      this.#takeBack(writer);
      this.#abortAll(error);
      throw error;
    }
  }

  rollback(writer: Writer): void {
    if (!this.#members.delete(writer) || !writer.hasWritten) return;
    if (!writer.isLogged) {
      this.#file.rollback();
      this.#hasBegun = false;
    } else {
      this.#takeBack(writer);
    }
  }

  /** SQLite ends its transaction by itself on some errors, a full disk for one: then everyone's changes are gone. */
  checkForLoss(error: unknown): void {
    if (this.#hasBegun && !this.#file.isWriting) this.#abortAll(error);
  }

  #takeBack(writer: Writer): void {
    if (!writer.isLogged) return;
    this.#file.revert(storeIds(writer));
    this.#settle();
  }

  /** What was done for nobody who is still running must not stay open. */
  #settle(): void {
    for (const member of this.#members) if (member.hasWritten) return;
    this.#file.commit();
    this.#hasBegun = false;
  }

  #abortAll(error: unknown): void {
    this.#hasBegun = false;
    for (const member of [...this.#members]) if (member.hasWritten) member.abort(error);
  }
}

function storeIds({ scope }: Writer): number[] {
  return Array.from(scope, ({ id }) => id);
}
