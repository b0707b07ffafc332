/** Why a file cannot be used. The code is stable, the message says the cause and the cure. */
export type StoreErrorCode =
  | "ERR_STORE_LOCKED"
  | "ERR_STORE_LOST"
  | "ERR_STORE_NEWER"
  | "ERR_STORE_FOREIGN"
  | "ERR_STORE_CORRUPT"
  | "ERR_STORE_FULL"
  | "ERR_STORE_UNUSABLE";

export class StoreError extends Error {
  override readonly name = "StoreError";
  readonly code: StoreErrorCode;

  constructor(code: StoreErrorCode, message: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

/** The primary result codes of SQLite that mean something to a caller (https://sqlite.org/rescode.html). */
export const SqliteCode = { BUSY: 5, LOCKED: 6, IOERR: 10, CORRUPT: 11, FULL: 13, NOTADB: 26 } as const;

/** The primary SQLite result code of an error thrown by node:sqlite, or undefined for any other error. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  return error.errcode & 0xff;
}

/** What a script sees when the storage fails under a request or a commit. */
export function storageException(error: unknown): DOMException {
  if (error instanceof DOMException) return error;
  const message = error instanceof Error ? error.message : `${error}`;
  const name = sqliteCode(error) === SqliteCode.FULL ? "QuotaExceededError" : "UnknownError";
  const exception = new DOMException(message, name);
  Object.defineProperty(exception, "cause", { value: error, configurable: true, writable: true });
  return exception;
}

const defaultMessages = {
  AbortError: "The transaction was aborted, so the request cannot be fulfilled.",
  ConstraintError: "A key that must be unique is already taken, or the key generator is exhausted.",
  DataError: "The data given is not a valid key, key range or key path result.",
  InvalidAccessError: "The parameters or the requested operation are not valid here.",
  InvalidStateError: "The object is closed, deleted or not in a state that allows this.",
  NotFoundError: "No object store or index of that name exists in this scope.",
  ReadOnlyError: "The transaction is read-only.",
  SyntaxError: "The key path is not valid.",
  TransactionInactiveError: "The transaction is finished or not active now.",
  VersionError: "The database has a higher version than the one asked for.",
} as const;

/** A DOMException of the standard: https://w3c.github.io/IndexedDB/#exceptions */
export function exception(
  name: keyof typeof defaultMessages,
  message: string = defaultMessages[name],
): DOMException {
  return new DOMException(message, name);
}
