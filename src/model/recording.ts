import type { Readable } from "node:stream";

/** Where bytes of a recording come from: a path, the bytes, or a stream that is read once, of so many bytes if known. */
export type AudioSource = { path: string } | { bytes: Uint8Array } | { stream: Readable; size?: number };

/** Number of points in a waveform, as Element Web and Element X send it. */
export const WAVEFORM_POINTS = 100;
/** Highest value of a waveform point; receivers divide by it. */
export const WAVEFORM_MAX = 1024;

/** What is known of a recording when all of it has been encoded. */
export interface VoiceFacts {
  /** Exact, from the granule positions. */
  durationMs: number;
  /** {@link WAVEFORM_POINTS} integers, 0 to {@link WAVEFORM_MAX}. */
  waveform: number[];
  /** The recording was cut short, or is damaged: this is what there was of it. */
  truncated: boolean;
  /** Why its sound was encoded anew, as the rest of a sentence; absent where the recording's own packets are sent. */
  encodedBecause?: string;
}

/** What is known of a clip before it is made; of most recordings less than this. */
export interface Foretold {
  /** By the recording's header, or exact where its own packets are sent. */
  durationMs?: number;
  /** Bytes of the whole Ogg stream, exact. */
  size?: number;
}

/** A recording made ready to send: Ogg/Opus, mono, 48 kHz. */
export interface VoiceClip extends VoiceFacts {
  /** The whole Ogg stream. */
  bytes: Uint8Array;
}

/** A recording while it is encoded. */
export interface VoiceStream {
  /** Its Ogg stream, which can be taken once. Whoever destroys it ends the encoding. */
  readonly chunks: Readable;
  /** Settles before the work begins; never rejects. */
  readonly foretold: Promise<Foretold>;
  /** Settles when the last chunk has been taken; rejects with what taking them throws. */
  readonly facts: Promise<VoiceFacts>;
}
