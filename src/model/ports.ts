import type { Readable } from "node:stream";
import type { SottoError } from "../errors.ts";
import type { MegolmContent, RoomEncryptionContent } from "./event.ts";
import type { EventId, MxcUri, RoomId, UserId } from "./ids.ts";
import type { Job } from "./job.ts";

/**
 * What one room asks of another, as the smallest thing it needs. Implementations lie in the rooms, the joints in
 * `service/`.
 */

/** A request of the crypto engine, as plain data. */
export interface KeyRequest {
  id: string;
  kind: "keys-upload" | "keys-query" | "keys-claim" | "to-device" | "signatures-upload" | "keys-backup";
  /** JSON text of the request's body. */
  body: string;
  /** Only for `to-device`. */
  eventType?: string;
  txnId?: string;
  /** Only for `keys-backup`. */
  version?: string;
  /** Only for `keys-query` and `keys-claim`: how long our homeserver waits for others. */
  timeoutMs?: number;
}

/** Carries the engine's requests to the homeserver; gives the answer's JSON text. Throws SottoError. */
export interface KeyServer {
  send(request: KeyRequest): Promise<string>;
}

/** How the account's owner proves to the homeserver that an identity is wanted. */
export interface IdentityProof {
  /** An identity that is there may be replaced: the owner was asked, and has typed the account's name. */
  replaces: boolean;
  password?: string;
  /** Told where a person has to approve it; the upload then waits for that. */
  onAccountPage?(url: string): void | Promise<void>;
  /** Ends the waiting. */
  signal?: AbortSignal;
}

/**
 * Publishes cross-signing keys. `body` is the engine's JSON text. Throws `IDENTITY_EXISTS` rather than replace one
 * unasked, `IDENTITY_PROOF_NEEDED`, `LOGIN_FAILED`.
 */
export type UploadIdentity = (body: string, proof: IdentityProof) => Promise<void>;

/** A key backup as the homeserver describes it; nothing of it is trusted. */
export interface BackupVersion {
  version: string;
  algorithm: string;
  authData: Record<string, unknown>;
  /** How many sessions the homeserver holds. */
  count: number | undefined;
}

/** `session_data` by session ID by room ID, as the homeserver gave it. */
export type BackedUpSessions = Map<RoomId, Map<string, unknown>>;

/** https://spec.matrix.org/v1.19/client-server-api/#server-side-key-backups */
export interface BackupServer {
  /** Undefined only on an authenticated 404 `M_NOT_FOUND`. */
  current(): Promise<BackupVersion | undefined>;
  /** Gives the new version. */
  create(algorithm: string, authData: Record<string, unknown>): Promise<string>;
  /** Only the signatures of a version's `auth_data` may change. */
  update(version: string, algorithm: string, authData: Record<string, unknown>): Promise<void>;
  /** A version that is gone already is no error. */
  delete(version: string): Promise<void>;
  /** Every session of a version. */
  sessions(version: string): Promise<BackedUpSessions>;
  /** The `session_data` of one session; undefined where the backup does not have it. */
  session(version: string, roomId: RoomId, sessionId: string): Promise<unknown>;
}

/** Reads and writes the account's own data. https://spec.matrix.org/v1.19/client-server-api/#client-config */
export interface AccountData {
  /** Undefined only on an authenticated 404 `M_NOT_FOUND`. */
  get(type: string): Promise<Record<string, unknown> | undefined>;
  put(type: string, content: Record<string, unknown>): Promise<void>;
}

/** https://spec.matrix.org/v1.19/client-server-api/#content-repository */
export interface ContentRepository {
  /** `application/octet-stream`, no file name: the server learns the size and nothing else. */
  upload(
    body: Uint8Array | (() => Iterable<Uint8Array> | AsyncIterable<Uint8Array>),
    size: number,
  ): Promise<MxcUri>;
  /** Authenticated download as a stream; fails above `maxBytes` before or while reading. */
  download(mxcUri: MxcUri, maxBytes: number): Promise<Readable>;
  /** `m.upload.size` in bytes; undefined where the server names none. */
  maxUploadBytes(): Promise<number | undefined>;
}

/** What an authenticated read of `m.room.encryption` said; "clear" only on 404 `M_NOT_FOUND`. */
export type EncryptionState = { kind: "encrypted"; content: RoomEncryptionContent } | { kind: "clear" };

export interface Member {
  userId: UserId;
  membership: "join" | "invite";
}

/** Reads about rooms; every one throws rather than guess. */
export interface RoomDirectory {
  resolveAlias(alias: string): Promise<RoomId>;
  encryption(roomId: RoomId): Promise<EncryptionState>;
  /** Joined and invited members, complete or an error. */
  members(roomId: RoomId): Promise<Member[]>;
  /** Undefined where the room has none: the spec's default is then `shared`. */
  historyVisibility(roomId: RoomId): Promise<string | undefined>;
}

/** The one way an event leaves. https://spec.matrix.org/v1.19/client-server-api/#sending-events-to-a-room */
export interface SendGate {
  /** The same `txnId` and bytes twice are one event. `eventJson` is the frozen content. */
  putEncrypted(roomId: RoomId, txnId: string, eventJson: string): Promise<EventId>;
}

/**
 * Looks for an event of this account in a room's timeline, from its end back to the time given (milliseconds since the
 * epoch). Undefined only where all of that was seen and it is not there.
 */
export type FindSent = (
  roomId: RoomId,
  event: { ciphertext: string; txnId: string; sinceMs: number },
) => Promise<EventId | undefined>;

/**
 * Why nothing goes into a room now, if so; without a transaction ID, of a message that nobody lets through. It is asked
 * often, and looks at nothing but the store.
 */
export type Stopped = (message: { roomId: RoomId; txnId?: string }) => SottoError | undefined;

/** Makes a message of a recording that was accepted: its attachment's ciphertext, and then the content around it. */
export type Prepare = (
  job: Job,
  recording: Readable,
) => AsyncIterable<{
  ciphertext: AsyncIterable<Uint8Array>;
  /** Once the ciphertext of all of them has been taken; of this one, so many bytes. */
  content(size: number, of: number): Promise<object>;
}>;

/** Encrypts for a room under its policy. */
export interface RoomEncryptor {
  encrypt(roomId: RoomId, eventType: string, content: Record<string, unknown>): Promise<MegolmContent>;
}

/** One that can be told early. */
export interface PreparingEncryptor extends RoomEncryptor {
  /**
   * Shares the room's key with those who would get it now: encryption, which asks again, then finds most of it done.
   * True if there was anything to share, which takes time.
   */
  prepare(roomId: RoomId): Promise<boolean>;
}

/** Makes sure that no other copy of this store is in use. Each throws a `STORE_*` error where one is, and for ever. */
export interface OneStore {
  /** Before a ratchet is moved for others to see. */
  beforeUse(): Promise<void>;
  /** Before what a copy made until now would not know of: a new session, new one-time keys. */
  beforeNew(): Promise<void>;
  /** What to throw when the engine gave an index that was spent before. */
  indexSpent(sessionId: string): Error;
}

/** Milliseconds since the epoch. */
export type Clock = () => number;
