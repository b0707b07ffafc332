/** What was encrypted twice from one state cannot be taken back: only a device without a past is safe. */
const NEW_DEVICE =
  "use this data directory no more: run `sotto init` with a new --config, a new --data-dir and --recovery-key-file, which makes a new device signed by the same identity; then delete the old device";

/** Nothing is proven: a person knows whether the data directory was copied or put back, and the homeserver does not. */
const ASK_A_PERSON = `if this data directory was never copied or put back from a backup, run \`sotto store confirm\` at a terminal; otherwise ${NEW_DEVICE}`;

/**
 * Every way Sotto refuses or fails: a stable code, the exit code of the command line's contract, and the cure
 * that is printed when the thrower knows no better one. Codes are never renamed or reused.
 *
 * Exit codes: 1 a refused send or verification, 2 wrong usage or config, 3 could not complete, 4 homeserver
 * unreachable.
 */
export const ERROR_CODES = {
  // refused sends
  ROOM_NOT_ENCRYPTED: [1, "turn encryption on in the room, then send again"],
  ROOM_ENCRYPTION_UNKNOWN: [1, "try again; if it stays, look at the homeserver's log for this room's state"],
  ROOM_NOT_FOUND: [1, "check the room ID or alias, and invite the account to the room"],
  ROOM_NOT_JOINED: [1, "invite the account and let it join, then send again"],
  ROOM_FORBIDDEN: [1, "give the account the power level to send messages in this room"],
  ROOM_MEMBERS_UNKNOWN: [1, "try again; keys are shared only when the member list is complete"],
  ROOM_REPLACED: [
    1,
    "send to the room that replaces it; a route waits for `sotto route accept` of that room",
  ],
  ROOM_EVACUATED: [
    1,
    "send to another room; what waits goes on when `sotto evacuate ROOM --over` has lifted it",
  ],
  ROOM_BELOW_POLICY: [
    1,
    "bring the room to policy: `sotto audit --room ROOM` says what is wrong with it; what waits then goes on by itself",
  ],
  CLEAR_EVENT_REFUSED: [1, "send it as an encrypted event; Sotto sends no clear room events of this type"],
  IDENTITY_CHANGED: [
    1,
    "ask the person by another way whether it was them, then `sotto trust accept USER`; until then nothing is sent to rooms they are in",
  ],
  IDENTITY_NOT_READY: [1, "run `sotto identity bootstrap` with --recovery-key-file to sign this device"],
  // verification
  FINGERPRINT_MISMATCH: [
    1,
    "ask the person again for their key, by a way you trust; if it stays, do not trust this identity",
  ],
  VERIFICATION_MISMATCH: [
    1,
    "nothing was verified: somebody may stand between you; begin again, and ask the person by another way",
  ],
  VERIFICATION_NOT_ALLOWED: [
    1,
    "name the user under trust.verifyFrom, or let them cancel their request: then yours can be made",
  ],
  VERIFICATION_CANCELLED: [3, "nothing was verified; begin again when both people are there"],
  IDENTITY_MISSING: [
    3,
    "let them set up cross-signing in their client first; there is nothing to verify yet",
  ],
  USER_UNKNOWN: [3, "check the user ID; the user must have logged in with a client that encrypts"],
  DEVICE_UNKNOWN: [3, "see `sotto devices USER` for the devices that there are"],
  QR_IMPOSSIBLE: [3, "compare emoji instead: leave the QR flags out"],
  QR_UNREADABLE: [2, "give a sharp PNG or JPEG of the whole code, or the code's bytes in base64"],
  MEMBER_NOT_ACCEPTED: [
    1,
    "find out who has let them in, then `sotto trust accept USER --room ROOM`, or remove them from the room",
  ],
  RECIPIENTS_EXCLUDED: [
    1,
    "have the devices signed by their owners, or set `onExcluded: send` for the room; nothing was shared",
  ],
  NOT_CONFIRMED: [1, "nothing was changed; run it again to be asked again"],
  // usage and config
  USAGE: [2, "run `sotto --help`"],
  CONFIG_NOT_FOUND: [2, "run `sotto init`, or name the file with --config"],
  CONFIG_INVALID: [2, "correct the line that is named"],
  SECRET_UNREADABLE: [2, "check the path, and that this user may read what lies there"],
  TOKEN_MISSING: [
    2,
    "put the file back; after `sotto logout` the device is gone: make a new one with `sotto init`, a new --config, a new --data-dir and --recovery-key-file",
  ],
  FILE_EXISTS: [2, "name another file, or move the one that is there"],
  AUDIO_UNREADABLE: [2, "check the path and its permissions"],
  AUDIO_EMPTY: [2, "record again: the file holds no data"],
  AUDIO_NOT_AUDIO: [2, "give a file that holds a recording"],
  AUDIO_TOO_LARGE: [2, "send it with --split, or a shorter one, or raise the homeserver's max_upload_size"],
  MAIL_INVALID: [
    2,
    "send the recording as an ordinary attachment (MIME, RFC 2045), not inside of many others",
  ],
  FFMPEG_MISSING: [3, "install ffmpeg with libopus, e.g. `apt install ffmpeg`"],
  FFMPEG_FAILED: [3, "try the file with ffmpeg by hand; it may be damaged"],
  SANDBOX_MISSING: [
    3,
    "install bubblewrap, e.g. `apt install bubblewrap`, and let it make namespaces; or take audio.requireSandbox out of the config",
  ],
  NODE_TOO_OLD: [2, "install Node 22.18 or later"],
  // the account
  LOGIN_FAILED: [3, "check the user ID and the password"],
  TOKEN_REJECTED: [
    3,
    "run `sotto init` again with --password-file: it logs in to the same device again, or says that the device is gone",
  ],
  TOKEN_OF_OTHER_CLIENT: [
    3,
    "do not copy a token from another client: run `sotto init` with a password, which makes a device of its own",
  ],
  IDENTITY_EXISTS: [
    3,
    "run it again with --recovery-key-file, so that the identity that is there can sign this device",
  ],
  RECOVERY_KEY_WRONG: [3, "check the recovery key; Element shows the same one under Settings, Encryption"],
  IDENTITY_PROOF_NEEDED: [
    3,
    "give --password-file; or let the server's admin call POST /_synapse/admin/v1/users/USER/_allow_cross_signing_replacement_without_uia, and run it again within ten minutes",
  ],
  IDENTITY_UNREADABLE: [
    3,
    "look at the account's cross-signing keys in another client; only `sotto identity reset` replaces them",
  ],
  SECRET_STORAGE_MISSING: [3, "set up recovery in the client that made the identity, then run it again"],
  SECRET_STORAGE_EXISTS: [
    3,
    "give the --recovery-key-file that opens it; `sotto recovery create --replace` makes a new one, and the old key opens nothing afterwards",
  ],
  SECRET_STORAGE_DAMAGED: [
    3,
    "restore it from a client that still has the keys; on a device that has them, `sotto recovery create --replace` writes it anew",
  ],
  SECRET_STORAGE_UNSUPPORTED: [3, "set up recovery anew in a client that uses the algorithms of the spec"],
  BACKUP_MISSING: [3, "run `sotto recovery create`, which makes one"],
  BACKUP_CHANGED: [3, "run `sotto recovery status`: it says whether the new one can be trusted"],
  BACKUP_UNTRUSTED: [
    3,
    "find out which client made it; `sotto recovery create --replace-backup` makes one of our own",
  ],
  // a database of another program, and the store
  STORE_KEY_MISSING: [
    2,
    "put the 32-byte key back where storeKeyFile points; without it the store cannot be read",
  ],
  DATABASE_UNREADABLE: [
    3,
    "try the same address and user with psql, where this runs; the reason is in the database's log too",
  ],
  STORE_WRONG_KEY: [3, "use the store key this store was made with"],
  STORE_OTHER_DEVICE: [3, "use the data directory that belongs to this account and device"],
  STORE_HELD: [3, "end the process that holds the store, then try again"],
  STORE_NEWER: [3, "use the version of Sotto that wrote this store, or a later one"],
  STORE_UNUSABLE: [3, "check that this user may write to the data directory, and that its disk works"],
  STORE_DAMAGED: [
    3,
    "stop here and keep the files; run `sotto init` with a new --config and --data-dir for a new device",
  ],
  STORE_ROLLED_BACK: [3, NEW_DEVICE],
  STORE_COPIED: [3, NEW_DEVICE],
  STORE_RECORD_MISSING: [3, ASK_A_PERSON],
  STORE_IN_DOUBT: [3, ASK_A_PERSON],
  LOGOUT_UNFINISHED: [3, "run `sotto logout` again: it finishes what was begun"],
  DISK_FULL: [3, "free some space; nothing was lost"],
  // messages
  DECRYPT_FAILED: [3, "see the reason; the sender's client may have withheld the key"],
  SENDER_UNTRUSTED: [3, "ask the sender to verify the device it came from, or widen trust.acceptFrom"],
  ATTACHMENT_INVALID: [3, "ask the sender to send it again"],
  ATTACHMENT_HASH_MISMATCH: [3, "do not trust this file; ask the sender to send it again"],
  EVENT_UNKNOWN: [3, "give the event ID of a voice message that this store has sent"],
  EVENT_UNAVAILABLE: [3, "send the recording itself again"],
  NOT_IN_LEDGER: [3, "see the whole list with `sotto why EVENT_ID`"],
  ROUTE_UNKNOWN: [2, "name a room of the connector's routes, or add a route for it"],
  CONNECTOR_FAILED: [3, "see the reason; what was to be handed on waits and is tried again"],
  LISTEN_FAILED: [3, "see whether another process listens there already, or name another address"],
  ARCHIVE_CHANGED: [
    1,
    "keep it as it is, and find out who could write to it; what is wrong is named by line and file",
  ],
  AUDIT_LOG_CHANGED: [
    1,
    "keep a copy of the data directory, and find out who could write to it; `sotto audit verify-log` says what is wrong, and `sotto audit begin-log` begins another log that says so",
  ],
  JOB_UNKNOWN: [3, "see `sotto queue list` for what is there"],
  SEND_UNCERTAIN: [
    3,
    "do not send it again: the stored message is completed by the next `sotto send` or `sotto run`",
  ],
  STOPPED: [3, "try again: Sotto was closed before this was done"],
  INTERRUPTED: [3, "run it again"],
  TIMEOUT: [3, "try again, or allow more time with --timeout"],
  // the homeserver
  HOMESERVER_UNREACHABLE: [4, "check the homeserver's address and that it runs"],
  HOMESERVER_ERROR: [3, "look at the homeserver's log"],
  RATE_LIMITED: [
    3,
    "wait; on Synapse an admin lifts the limit for this account with POST /_synapse/admin/v1/users/USER/override_ratelimit",
  ],
  INTERNAL: [3, "this is a bug in Sotto: please report it"],
} as const satisfies Record<string, readonly [exitCode: 1 | 2 | 3 | 4, cure: string]>;

export type ErrorCode = keyof typeof ERROR_CODES;

export interface SottoErrorOptions {
  /** Why it happened, in one short sentence. Never holds a token, key or recording. */
  readonly cause?: unknown;
  /** What to do about it; the code's own cure when absent. */
  readonly cure?: string;
  /** When the homeserver asked to wait. */
  readonly retryAfterMs?: number;
}

/** The one error that crosses Sotto's doors. */
export class SottoError extends Error {
  readonly code: ErrorCode;
  readonly cure: string;
  readonly exitCode: number;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: SottoErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "SottoError";
    this.code = code;
    this.cure = options.cure ?? ERROR_CODES[code][1];
    this.exitCode = ERROR_CODES[code][0];
    this.retryAfterMs = options.retryAfterMs;
  }

  /** The shape printed by `--json` (design: errors go to standard error as one JSON object). */
  toJSON(): { code: ErrorCode; message: string; cause?: string; cure: string } {
    const cause = causeText(this.cause);
    return { code: this.code, message: this.message, ...(cause ? { cause } : {}), cure: this.cure };
  }
}

/** The innermost reason, as text for a person. */
export function causeText(cause: unknown): string | undefined {
  if (cause === undefined || cause === null) return undefined;
  if (cause instanceof Error) return causeText(cause.cause) ?? cause.message;
  return String(cause);
}

const PASSING: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(["DISK_FULL", "STOPPED", "INTERRUPTED", "TIMEOUT", "STORE_UNUSABLE", "FFMPEG_MISSING"] as const),
  ...(["HOMESERVER_UNREACHABLE", "HOMESERVER_ERROR", "RATE_LIMITED"] as const),
  // of a route: until the room that replaces it is accepted, or what has stopped it is lifted
  ...(["ROOM_REPLACED", "ROOM_EVACUATED", "ROOM_BELOW_POLICY"] as const),
]);

/** Whether the same may succeed later, with nothing changed in what was asked for. */
export const isPassing = ({ code }: SottoError): boolean => PASSING.has(code);

/** Turns whatever was thrown into a {@link SottoError}, keeping the original as its cause. */
export function toSottoError(thrown: unknown): SottoError {
  if (thrown instanceof SottoError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  if (isDiskFull(error)) return new SottoError("DISK_FULL", "the disk is full", { cause: error });
  return new SottoError("INTERNAL", error.message, { cause: error });
}

function isDiskFull(error: Error & { code?: unknown; errcode?: unknown }): boolean {
  // ENOSPC from the file system; 13 is SQLITE_FULL
  return error.code === "ENOSPC" || error.errcode === 13 || /database or disk is full/.test(error.message);
}
