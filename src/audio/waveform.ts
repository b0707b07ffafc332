import { WAVEFORM_MAX, WAVEFORM_POINTS } from "../model/recording.ts";

/** Telephone quality shows all that a hundred bars can. */
export const WAVEFORM_SAMPLE_RATE = 8000;

/** What ffmpeg is to write for a {@link WaveformMeter}; the output's name follows. */
export const WAVEFORM_OUTPUT = [
  ...["-c:a", "pcm_s16le", "-ac", "1", "-ar", String(WAVEFORM_SAMPLE_RATE), "-f", "s16le"],
];

const MAX_BLOCKS = 4096;
const FIRST_BLOCK_SAMPLES = 8;
/** Of 16-bit samples. Below it (about -78 dB) there is only dither and the codec's own noise: silence. */
export const SILENCE_RMS = 4;

/** Samples from -1 to 1 as 16 bits, little-endian. */
export function toS16le(samples: Float32Array): Uint8Array {
  const rounded = new Int16Array(samples.length);
  for (let index = 0; index < samples.length; index++)
    rounded[index] = Math.max(-32_768, Math.min(32_767, Math.round(samples[index]! * 32_768)));
  return new Uint8Array(rounded.buffer);
}

/**
 * Draws a waveform from PCM whose length is not known beforehand, in bounded memory: loudness is kept in at most
 * {@link MAX_BLOCKS} blocks, and whenever they are full, pairs are joined and the blocks become twice as long.
 */
export class WaveformMeter {
  readonly #squares = new Float64Array(MAX_BLOCKS);
  #blockSamples = FIRST_BLOCK_SAMPLES;
  #samples = 0;
  #halfSample: number | undefined;

  /** Samples so far. */
  get samples(): number {
    return this.#samples;
  }

  /** Takes 16-bit little-endian mono samples, cut anywhere. */
  addS16le(bytes: Uint8Array): void {
    let index = 0;
    if (this.#halfSample !== undefined && bytes.length > 0) {
      this.#add(Uint8Array.of(this.#halfSample, bytes[0]!), 0, 2);
      this.#halfSample = undefined;
      index = 1;
    }
    const end = bytes.length - ((bytes.length - index) % 2);
    this.#add(bytes, index, end);
    if (end < bytes.length) this.#halfSample = bytes[end];
  }

  /** Takes mono samples from -1 to 1. They are rounded to 16 bits, so that both ways draw the same. */
  addFloat(samples: Float32Array): void {
    this.addS16le(toS16le(samples));
  }

  /**
   * The waveform so far, or of the first samples of it: `WAVEFORM_POINTS` integers from 0 to `WAVEFORM_MAX`, each the loudness (RMS) of its part.
   * The loudest part reaches the top, so that a quiet recording shows as well as a loud one; silence is all zeros.
   */
  points(samples = this.#samples): number[] {
    const blocks = Math.ceil(samples / this.#blockSamples);
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

  #add(bytes: Uint8Array, start: number, end: number): void {
    let index = start;
    while (index < end) {
      const block = this.#currentBlock();
      const room = this.#blockSamples - (this.#samples % this.#blockSamples);
      const stop = Math.min(end, index + 2 * room);
      this.#samples += (stop - index) / 2;
      let sum = 0;
      for (; index < stop; index += 2) {
        // shifting up and down again extends the sign
        const sample = ((bytes[index]! | (bytes[index + 1]! << 8)) << 16) >> 16;
        sum += sample * sample;
      }
      this.#squares[block]! += sum;
    }
  }

  /** The block that the next sample belongs to; joins pairs when there is no room for a new one. */
  #currentBlock(): number {
    const block = Math.floor(this.#samples / this.#blockSamples);
    if (block < MAX_BLOCKS) return block;
    const squares = this.#squares;
    for (let pair = 0; pair < MAX_BLOCKS / 2; pair++)
      squares[pair] = squares[2 * pair]! + squares[2 * pair + 1]!;
    squares.fill(0, MAX_BLOCKS / 2);
    this.#blockSamples *= 2;
    return MAX_BLOCKS / 2;
  }
}
