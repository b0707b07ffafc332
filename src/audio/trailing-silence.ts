import { OPUS_SAMPLE_RATE } from "./ogg.ts";
import { WAVEFORM_SAMPLE_RATE } from "./waveform.ts";

/** A fiftieth of a second. */
const WINDOW_SAMPLES = WAVEFORM_SAMPLE_RATE / 50;
const WINDOW_BYTES = 2 * WINDOW_SAMPLES;
/** The last sound fades; cut off at once, a word would lose its end. */
const KEPT_SECONDS = 0.25;
const FULL_SCALE = 32_768;

/** Listens to PCM as it comes, for the last sound in it. */
export class TrailingSilence {
  readonly #leastSquares: number;
  #rest: Uint8Array = new Uint8Array();
  #windows = 0;
  #audibleWindows = 0;

  /** @param thresholdDb of full scale; silence is what stays below it */
  constructor(thresholdDb: number) {
    this.#leastSquares = (FULL_SCALE * 10 ** (thresholdDb / 20)) ** 2 * WINDOW_SAMPLES;
  }

  /** Up to where it is to be heard, in samples at 48 kHz; 0 while there was no sound. */
  get heardSamples(): number {
    if (this.#audibleWindows === 0) return 0;
    const seconds = (this.#audibleWindows * WINDOW_SAMPLES) / WAVEFORM_SAMPLE_RATE;
    return Math.round((seconds + KEPT_SECONDS) * OPUS_SAMPLE_RATE);
  }

  /** Takes 16-bit little-endian mono samples at 8 kHz, cut anywhere. */
  addS16le(chunk: Uint8Array): void {
    const bytes = Buffer.concat([this.#rest, chunk]);
    let at = 0;
    for (; at + WINDOW_BYTES <= bytes.length; at += WINDOW_BYTES) {
      this.#windows += 1;
      let squares = 0;
      for (let sample = at; sample < at + WINDOW_BYTES; sample += 2)
        squares += bytes.readInt16LE(sample) ** 2;
      if (squares >= this.#leastSquares) this.#audibleWindows = this.#windows;
    }
    this.#rest = bytes.subarray(at);
  }
}
