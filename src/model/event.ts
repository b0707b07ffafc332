import type { DeviceId, EventId, MxcUri, RoomId, UserId } from "./ids.ts";

/**
 * An encrypted attachment's pointer and key.
 * https://spec.matrix.org/v1.19/client-server-api/#sending-encrypted-attachments
 */
export interface EncryptedFile {
  v: "v2";
  url: MxcUri;
  key: {
    kty: "oct";
    alg: "A256CTR";
    ext: true;
    /** 32 bytes, URL-safe unpadded base64: 43 characters. */
    k: string;
    key_ops: string[];
  };
  /** 16 bytes, unpadded base64; the last eight are zero, the counter. */
  iv: string;
  /** `sha256` of the ciphertext, unpadded base64. */
  hashes: { sha256: string };
}

/** An `EncryptedFile` before its ciphertext has a place on the homeserver. */
export type UnplacedFile = Omit<EncryptedFile, "url">;

/** What the server is told about a relation; must stay in clear beside the ciphertext. */
export interface RelatesTo {
  rel_type?: "m.thread" | "m.replace";
  event_id?: EventId;
  is_falling_back?: boolean;
  "m.in_reply_to"?: { event_id: EventId };
}

/**
 * The voice message every client understands: `m.audio` with the MSC3245 marker and the MSC1767 duration and
 * waveform. Both drafts are unstable; the keys are what clients send today.
 * https://github.com/matrix-org/matrix-spec-proposals/pull/3245
 */
export interface VoiceMessageContent {
  msgtype: "m.audio";
  body: string;
  /** `duration` in milliseconds, `size` in bytes of the clear file. */
  info: { mimetype: "audio/ogg"; size: number; duration: number };
  file: EncryptedFile;
  /** `duration` in milliseconds, `waveform` 100 integers from 0 to 1024. */
  "org.matrix.msc1767.audio": { duration: number; waveform: number[] };
  "org.matrix.msc3245.voice": Record<string, never>;
  "m.mentions": Record<string, never>;
  "m.relates_to"?: RelatesTo;
  /** Of one that takes the place of an earlier one: the message as it is now. */
  "m.new_content"?: VoiceMessageContent;
}

/** The same before its attachment has a place on the homeserver. */
export type UnplacedVoiceMessage = Omit<VoiceMessageContent, "file" | "m.new_content"> & {
  file: UnplacedFile;
  "m.new_content"?: UnplacedVoiceMessage;
};

/** https://spec.matrix.org/v1.19/client-server-api/#mroomencryption */
export interface RoomEncryptionContent {
  algorithm?: unknown;
  /** milliseconds */
  rotation_period_ms?: unknown;
  rotation_period_msgs?: unknown;
}

/** What the spec says where a room's encryption names no limits. */
export const ROTATION_DEFAULTS = { periodMs: 604_800_000, messages: 100 } as const;

/** A room event as `/sync` and `/messages` give it. */
export interface RoomEvent {
  type: string;
  event_id: EventId;
  sender: UserId;
  origin_server_ts: number;
  content: Record<string, unknown>;
  state_key?: string;
  unsigned?: Record<string, unknown>;
}

/** The clear envelope of a Megolm event. https://spec.matrix.org/v1.19/client-server-api/#mmegolmv1aes-sha2 */
export interface MegolmContent {
  algorithm: "m.megolm.v1.aes-sha2";
  ciphertext: string;
  session_id: string;
  sender_key?: string;
  device_id?: DeviceId;
  "m.relates_to"?: RelatesTo;
}

/** What a decrypted event says of its origin, from strongest to weakest. */
export const TRUST_LEVELS = [
  /** We verified the user, and the user signed the device. */
  "verified",
  /** The user's own identity signed the device; we have not verified the user. */
  "signed",
  /** The device is known, but its owner has not signed it. */
  "unsigned",
  /** The device is unknown or was deleted, or the key came from a backup: the sender cannot be proven. */
  "unknown",
  /** The user's identity changed after it was verified, or the sender does not own the session. */
  "violation",
] as const;
export type Trust = (typeof TRUST_LEVELS)[number];

/** Why trust is `unknown`: the room key came from a backup, or the sender does not show the device. */
export type Unproven = "key-from-backup" | "unknown-device";

/** A room event that was decrypted, with what is known of its sender. */
export interface DecryptedEvent {
  roomId: RoomId;
  eventId: EventId;
  sender: UserId;
  senderDeviceId: DeviceId | undefined;
  originServerTs: number;
  type: string;
  content: Record<string, unknown>;
  sessionId: string;
  trust: Trust;
  /** Present where `trust` is `unknown`. */
  unproven?: Unproven;
}
