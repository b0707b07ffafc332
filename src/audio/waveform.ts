import { WAVEFORM_MAX, WAVEFORM_POINTS } from "../model/recording.ts";

/** Rate of the PCM that waveforms are drawn from: telephone quality shows all that a hundred bars can. */
export const WAVEFORM_SAMPLE_RATE = 8000;

const MAX_BLOCKS = 4096;
const FIRST_BLOCK_SAMPLES = 8;
/** Full scale is 1. Below this (about -78 dB) there is only dither and the codec's own noise: silence. */
const SILENCE_RMS = 4 / 32768;

/**
 * Draws a waveform from PCM of any length that is not known beforehand, in bounded memory: loudness is kept in at
 * most {@link MAX_BLOCKS} blocks, and whenever they are full, pairs are joined and the blocks become twice as long.
 */
export class WaveformMeter {
  readonly #squares = new Float64Array(MAX_BLOCKS);
  #blockSamples = FIRST_BLOCK_SAMPLES;
  #samples = 0;
  #oddByte: number | undefined;

  /** Samples so far. */
  get samples(): number {
    return this.#samples;
  }

  /** Takes samples, 1 being full scale. */
  addFloat(samples: Float32Array): void {
    for (const sample of samples) this.#add(sample);
  }

  /** Takes 16-bit little-endian samples, cut anywhere. */
  addS16le(bytes: Uint8Array): void {
    let start = 0;
    if (this.#oddByte !== undefined && bytes.length > 0) {
      this.#addS16(this.#oddByte | (bytes[0]! << 8));
      this.#oddByte = undefined;
      start = 1;
    }
    let index = start;
    for (; index + 1 < bytes.length; index += 2) this.#addS16(bytes[index]! | (bytes[index + 1]! << 8));
    if (index < bytes.length) this.#oddByte = bytes[index];
  }

  /**
   * The waveform so far: `WAVEFORM_POINTS` integers from 0 to `WAVEFORM_MAX`, each the loudness (RMS) of its part.
   * The loudest part reaches the top, so that a quiet recording shows as well as a loud one; silence is all zeros.
   */
  points(): number[] {
    const blocks = Math.ceil(this.#samples / this.#blockSamples);
    const loudness = Array.from({ length: WAVEFORM_POINTS }, (_, point) => {
      const first = Math.floor((point * blocks) / WAVEFORM_POINTS);
      const end = Math.max(first + 1, Math.floor(((point + 1) * blocks) / WAVEFORM_POINTS));
      return this.#rms(first, end);
    });
    const loudest = Math.max(...loudness);
    if (loudest < SILENCE_RMS) return loudness.map(() => 0);
    return loudness.map((rms) => Math.round((rms / loudest) * WAVEFORM_MAX));
  }

  #rms(firstBlock: number, endBlock: number): number {
    const samples = Math.min(this.#samples, endBlock * this.#blockSamples) - firstBlock * this.#blockSamples;
    if (samples <= 0) return 0;
    let sum = 0;
    for (let block = firstBlock; block < endBlock; block++) sum += this.#squares[block]!;
    return Math.sqrt(sum / samples);
  }

  #addS16(unsigned: number): void {
    this.#add(((unsigned << 16) >> 16) / 32768);
  }

  #add(sample: number): void {
    let block = Math.floor(this.#samples / this.#blockSamples);
    if (block === MAX_BLOCKS) {
      this.#joinPairs();
      block = MAX_BLOCKS / 2;
    }
    this.#squares[block]! += sample * sample;
    this.#samples++;
  }

  #joinPairs(): void {
    const squares = this.#squares;
    for (let block = 0; block < MAX_BLOCKS / 2; block++) {
      squares[block] = squares[2 * block]! + squares[2 * block + 1]!;
    }
    squares.fill(0, MAX_BLOCKS / 2);
    this.#blockSamples *= 2;
  }
}
