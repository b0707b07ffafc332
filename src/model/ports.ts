import type { Readable } from "node:stream";
import type { MegolmContent, RoomEncryptionContent } from "./event.ts";
import type { EventId, MxcUri, RoomId, UserId } from "./ids.ts";

/**
 * What one room asks of another, as the smallest thing it needs. Implementations lie in the rooms, the joints in
 * `service/`.
 */

/** A request of the crypto engine, as plain data. */
export interface KeyRequest {
  id: string;
  kind:
    | "keys-upload"
    | "keys-query"
    | "keys-claim"
    | "to-device"
    | "signatures-upload"
    | "device-signing-upload"
    | "keys-backup";
  /** JSON text of the request's body. */
  body: string;
  /** Only for `to-device`. */
  eventType?: string;
  txnId?: string;
  /** Only for `keys-backup`. */
  version?: string;
}

/** Carries the engine's requests to the homeserver; gives the answer's JSON text. Throws SottoError. */
export interface KeyServer {
  send(request: KeyRequest): Promise<string>;
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
  upload(body: Uint8Array | Readable, size: number): Promise<MxcUri>;
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

/** Encrypts for a room under its policy. */
export interface RoomEncryptor {
  encrypt(roomId: RoomId, eventType: string, content: Record<string, unknown>): Promise<MegolmContent>;
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
