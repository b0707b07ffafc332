import type { Readable } from "node:stream";

/** Where bytes of a recording come from: a path, the bytes, or a stream that is read once. */
export type AudioSource = { path: string } | { bytes: Uint8Array } | { stream: Readable };

/** Number of points in a waveform, as Element Web and Element X send it. */
export const WAVEFORM_POINTS = 100;
/** Highest value of a waveform point; receivers divide by it. */
export const WAVEFORM_MAX = 1024;

/** A recording made ready to send: Ogg/Opus, mono, 48 kHz. */
export interface VoiceClip {
  /** The whole Ogg stream. */
  bytes: Uint8Array;
  durationMs: number;
  /** {@link WAVEFORM_POINTS} integers, 0 to {@link WAVEFORM_MAX}. */
  waveform: number[];
}
