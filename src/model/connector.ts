import type { Readable } from "node:stream";
import type { Logger } from "../log.ts";
import type { DecryptedEvent } from "./event.ts";
import type { EventId, RoomId } from "./ids.ts";
import type { JobState } from "./job.ts";
import type { RawFormat } from "./raw-format.ts";
import type { AudioSource } from "./recording.ts";

/** A recording as its connector brings it. */
export interface IncomingRecording {
  /**
   * What it is known by where it comes from, such as a Message-ID: the connector's second recording of the same name is
   * not taken again.
   */
  id: string;
  source: AudioSource;
  /** It takes the place of an earlier one that was brought by this name (`by`), where that was sent. */
  replaces?: string;
  /** Who brings it to the connector, where it tells them apart: the name of a token. */
  by?: string;
  /** What a recording without any header is. */
  raw?: RawFormat;
  /** What the origin says of it; nothing of this is proven. */
  about?: Provenance;
  /** Where its sender wants it: one of the rooms of the connector's routes, as the config writes it, or its room ID. */
  room?: string;
}

/** What is announced with a recording where its route says so. */
export interface Provenance {
  /** A name, a number or an address, as a person would read it. */
  caller?: string;
  /** When it was recorded: milliseconds since the epoch. */
  recordedMs?: number;
  /** Anything else in a few words: a subject, a mailbox. */
  note?: string;
}

/** What became of a recording that was brought. */
export interface Taken {
  /** The voice messages made of it, one for each route. */
  jobs: number[];
  /** It had been taken before, with these jobs. */
  isDuplicate: boolean;
}

/** A voice message made of a recording, as whoever brought it may see it. */
export interface TakenJob {
  job: number;
  /** Who had brought it to the connector. */
  by?: string;
  state: JobState;
  eventId?: EventId;
  /** Why it was given up. */
  error?: { code: string; message: string };
}

/** Where a connector hands its recordings in. */
export interface Intake {
  /** Before a large recording is read: whether it would be a duplicate. */
  knows(id: string): Promise<boolean>;
  /**
   * Takes a recording. When this resolves it lies sealed on the disk, and reaches its rooms whatever happens: the origin
   * may be told so, and may forget it. The source is read at the speed of the disk, and not to its end where it is refused.
   *
   * @throws SottoError `AUDIO_*` where it can never be sent; `ROUTE_UNKNOWN`; a passing trouble (`DISK_FULL`, `STOPPED`,
   *   {@link isPassing}), after which the origin should offer it again
   */
  take(recording: IncomingRecording, signal?: AbortSignal): Promise<Taken>;
  /** Of a recording that was taken by this name: whether it was this one. Reads it to its end; true where nobody knows. */
  isSame(id: string, source: AudioSource): Promise<boolean>;
  /** Undefined for one that this connector did not bring. */
  job(job: number): Promise<TakenJob | undefined>;
}

/** What a voice message that arrived says, and what is known of it. */
export interface VoiceDescription {
  eventId: EventId;
  roomId: RoomId;
  sender: DecryptedEvent["sender"];
  senderDeviceId: DecryptedEvent["senderDeviceId"];
  /** How far the sender is proven. */
  trust: DecryptedEvent["trust"];
  /** Why `trust` is `unknown`: it is handed on under `acceptFrom: all` alone. */
  unproven?: DecryptedEvent["unproven"];
  /** Milliseconds since the epoch, by the sender's homeserver. */
  sentMs: number;
  durationMs: number | undefined;
  waveform: number[] | undefined;
  /** By content, not by what the sender says. */
  mimetype: string;
  extension: string;
  /** Bytes of the recording. */
  size: number;
  /** A relay has brought it into the room from another one. */
  isRelayed?: true;
  /** Its sender says that it takes the place of this event; whether both are of one sender, nobody has looked. */
  replaces?: EventId;
}

/** A voice message for a connector that takes them. */
export interface OutgoingVoice extends VoiceDescription {
  /** The recording, decrypted while it is read; can be had as often as it is asked for, until `deliver` ends. */
  stream(): Readable;
}

/** One thing that a connector finds right or wrong about itself, for `sotto doctor` and `/ready`. */
export interface ConnectorCheck {
  ok: boolean;
  /** What was looked at and what was found, in a sentence. */
  message: string;
  /** What to do, where it is not right. */
  cure?: string;
}

/**
 * A place where recordings come from, or where voice messages go: a connector has `start`, or `deliver`, or both.
 * What it keeps for itself, it keeps where its origin lies; what it has handed in is not its concern any more.
 */
export interface Connector {
  /**
   * Begins to bring recordings; resolves when it would not miss one any more, and rejects where it cannot begin. Work
   * goes on behind it until `stop`. What goes wrong later is logged and tried again, and shows in `check`.
   */
  start?(intake: Intake): Promise<void>;
  /**
   * Takes one voice message; resolves when it is where it should be, durably. A message may come again with the same
   * `eventId`, if we died in between: it must not appear twice where the other end can know.
   *
   * @throws SottoError `CONNECTOR_FAILED` or a passing one ({@link isPassing}; `STOPPED` after an abort): it is brought again.
   *   Any other says that this message can never be taken
   */
  deliver?(voice: OutgoingVoice, signal: AbortSignal): Promise<void>;
  /** Ends what `start` began: takes nothing new, finishes what the intake is taking, leaves no handle open. */
  stop?(): Promise<void>;
  /** What can be seen without changing anything. */
  check?(): Promise<ConnectorCheck[]>;
}

/** What a connector gets of the house. */
export interface ConnectorContext {
  /** Its name in the config. */
  name: string;
  logger: Logger;
  /**
   * Makes a path of the config absolute: relative ones are relative to the config file that says them, and
   * `credential:NAME` is a systemd credential. Throws `SECRET_UNREADABLE` where there are no credentials.
   */
  path(written: string): string;
  /** Signs for this account's archive (Ed25519); the key is derived from the store key and used for nothing else. */
  signer: Signer;
}

/** An Ed25519 key of this installation (RFC 8032). */
export interface Signer {
  /** SubjectPublicKeyInfo, PEM. */
  publicKeyPem: string;
  sign(bytes: Uint8Array): Uint8Array;
}

/** How a connector is made from its part of the config. */
export type MakeConnector<Settings> = (settings: Settings, context: ConnectorContext) => Connector;
