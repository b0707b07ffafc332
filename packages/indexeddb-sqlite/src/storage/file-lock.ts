import { type BigIntStats, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { SqliteCode, StoreError, sqliteCode } from "../errors.ts";

/**
 * Ownership of a file by one process: a lock that the operating system drops when the process dies.
 *
 * SQLite's lock on the database itself is not enough. It is a POSIX lock, and those vanish silently as soon as the
 * process closes any descriptor of that file, for instance after fs.copyFile for a backup (section "How To Corrupt",
 * https://sqlite.org/howtocorrupt.html#_posix_advisory_locks_canceled_by_a_separate_thread_doing_close_).
 * So the lock is taken on a sidecar, `<file>.lock`, that nobody has a reason to open. It is an SQLite database because
 * that is the portable file lock which Node has; each owner counts up its generation, which also stamps the sidecar.
 */
export class FileLock {
  readonly #path: string;
  readonly #sidecar: string;
  readonly #connection: DatabaseSync;
  #stamp = "";

  constructor(path: string) {
    this.#path = path;
    this.#sidecar = `${path}.lock`;
    try {
      this.#connection = new DatabaseSync(this.#sidecar, { timeout: 0 });
    } catch (error) {
      throw this.#explain(error);
    }
    try {
      this.#acquire();
    } catch (error) {
      this.#connection.close();
      throw this.#explain(error);
    }
  }

  /** With locking_mode EXCLUSIVE the lock of this transaction outlives its COMMIT, until the connection closes. */
  #acquire(): void {
    this.#connection.exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF; BEGIN EXCLUSIVE");
    const row = this.#connection.prepare("PRAGMA user_version").get();
    const generation = (Number(row?.user_version) + 1) % 2 ** 31;
    this.#connection.exec(`PRAGMA user_version = ${generation}; COMMIT`);
  }

  /** Remembers which files these are. To be called when the database file exists. */
  remember(): void {
    this.#stamp = this.#currentStamp();
  }

  /**
   * Throws if another owner came in although we hold the lock (somebody copied the sidecar, which dropped it), or if a
   * file was replaced under us (a restored backup): what is written then would be lost or destroy something.
   * Looks at the files without opening them, for opening is what drops locks.
   */
  assertOwned(): void {
    if (this.#currentStamp() === this.#stamp) return;
    throw new StoreError(
      "ERR_STORE_LOST",
      `${this.#path} is no longer owned by this process: the file or ${this.#sidecar} was replaced, removed or taken ` +
        "over by another process since it was opened. Nothing more is written to it. Stop the other process or " +
        "undo the replacement, then start again.",
    );
  }

  release(): void {
    this.#connection.close();
  }

  #currentStamp(): string {
    const database = statOf(this.#path);
    const sidecar = statOf(this.#sidecar);
    return `${database?.dev}:${database?.ino} ${sidecar?.dev}:${sidecar?.ino}:${sidecar?.mtimeNs}`;
  }

  #explain(error: unknown): StoreError {
    const code = sqliteCode(error);
    if (code === SqliteCode.BUSY || code === SqliteCode.LOCKED) return lockedError(this.#path, error);
    if (code === SqliteCode.NOTADB || code === SqliteCode.CORRUPT) {
      return new StoreError(
        "ERR_STORE_CORRUPT",
        `${this.#sidecar} is not a lock file of this program. Move it away if no process uses ${this.#path}.`,
        error,
      );
    }
    if (code === SqliteCode.FULL) {
      return new StoreError(
        "ERR_STORE_FULL",
        `There is no space left on the disk of ${this.#sidecar}. Nothing of the store was lost: free some space.`,
        error,
      );
    }
    return new StoreError(
      "ERR_STORE_UNUSABLE",
      `${this.#sidecar} cannot be opened: ${error instanceof Error ? error.message : error}. ` +
        "Check that the folder exists and that this user may write to it.",
      error,
    );
  }
}

export function lockedError(path: string, cause: unknown): StoreError {
  return new StoreError(
    "ERR_STORE_LOCKED",
    `${path} is in use: another process, worker or part of this process has it open. ` +
      "Only one may: close it there first, or let that process do the work.",
    cause,
  );
}

function statOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}
