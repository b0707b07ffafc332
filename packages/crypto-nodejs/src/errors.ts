/** What a caller can branch on. The words of a message may change, a code does not. */
export type CryptoErrorCode =
  | "ERR_STORE_LOCKED"
  | "ERR_STORE_WRONG_KEY"
  | "ERR_STORE_OTHER_DEVICE"
  | "ERR_STORE_NATIVE"
  | "ERR_STORE_NEWER"
  | "ERR_STORE_CORRUPT"
  | "ERR_STORE_KEY_LENGTH"
  | "ERR_MACHINE_CLOSED"
  | "ERR_ROOM_KEY_EXPIRED"
  | "ERR_ROOM_KEY_MISSING"
  | "ERR_DECRYPTION"
  | "ERR_SECRET_STORAGE";

/** An error that says what happened and, where there is one, what cures it. */
export class CryptoError extends Error {
  override readonly name = "CryptoError";
  readonly code: CryptoErrorCode;

  constructor(code: CryptoErrorCode, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** The engine's errors as `Error`s: some of its classes, and whatever it rejects with as a string, are not. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
