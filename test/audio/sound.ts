// Figures of sound: how loud it is, and how much of it another recording of it keeps.

/** Frequencies between which signal and noise are compared, in Hz; what a voice is understood by. */
export const BANDS: readonly (readonly [from: number, to: number])[] = [
  [200, 500],
  [500, 1000],
  [1000, 2000],
  [2000, 4000],
  [4000, 6000],
];

const RATE = 48_000;
/** About 21 ms, as long as an Opus packet. */
const FRAME = 1024;
const FULL_SCALE = 32_767;

/** Mean loudness (RMS) in dB below the loudest that 16 bits can hold. */
export function levelDb(samples: Int16Array): number {
  const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  return 10 * Math.log10(power / FULL_SCALE ** 2);
}

/** Samples at the end of the scale. */
export const clippedSamples = (samples: Int16Array): number =>
  samples.reduce((count, sample) => count + Number(Math.abs(sample) >= FULL_SCALE), 0);

/** How alike two curves are: 1 for the same, about 0 for strangers. */
export function correlation(one: readonly number[], other: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [a, b] = [one, other].map((values) => values.map((value) => value - mean(values))) as [
    number[],
    number[],
  ];
  const product = (x: number[], y: number[]) => x.reduce((sum, value, index) => sum + value * y[index]!, 0);
  return product(a, b) / Math.sqrt(product(a, a) * product(b, b));
}

/**
 * Signal to noise in each of {@link BANDS}, in dB. Noise is what differs between the spectra's magnitudes: a shift of
 * phase, which a codec for voices may make and nobody hears, is none.
 *
 * @param source mono at 48 kHz, as `copy` is
 */
export function bandSignalToNoise(source: Int16Array, copy: Int16Array): number[] {
  const signal = BANDS.map(() => 0);
  const noise = BANDS.map(() => Number.EPSILON);
  const end = Math.min(source.length, copy.length) - FRAME;
  for (let at = 0; at <= end; at += FRAME / 2) {
    const [kept, heard] = [spectrum(source, at), spectrum(copy, at)];
    for (const [band, [from, to]] of BANDS.entries()) {
      for (let bin = Math.ceil((from * FRAME) / RATE); bin < (to * FRAME) / RATE; bin++) {
        signal[band]! += kept[bin]! ** 2;
        noise[band]! += (kept[bin]! - heard[bin]!) ** 2;
      }
    }
  }
  return signal.map((power, band) => 10 * Math.log10(power / noise[band]!));
}

const HANN = Float64Array.from({ length: FRAME }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / FRAME));
const COS = Float64Array.from({ length: FRAME / 2 }, (_, n) => Math.cos((2 * Math.PI * n) / FRAME));
const SIN = Float64Array.from({ length: FRAME / 2 }, (_, n) => Math.sin((2 * Math.PI * n) / FRAME));
/** Where each value of a frame stands when all are sorted by the bits of their index, the lowest first. */
const ORDER = Array.from({ length: FRAME }, (_, n) =>
  Number.parseInt([...n.toString(2).padStart(Math.log2(FRAME), "0")].reverse().join(""), 2),
);

/** Magnitudes of one frame, by frequency: the fast Fourier transform after Cooley and Tukey. */
function spectrum(samples: Int16Array, at: number): Float64Array {
  const re = new Float64Array(FRAME);
  const im = new Float64Array(FRAME);
  for (let n = 0; n < FRAME; n++) re[ORDER[n]!] = HANN[n]! * samples[at + n]!;
  for (let half = 1; half < FRAME; half *= 2) {
    for (let start = 0; start < FRAME; start += 2 * half) {
      for (let n = 0; n < half; n++) {
        const [cos, sin] = [COS[(n * FRAME) / 2 / half]!, SIN[(n * FRAME) / 2 / half]!];
        const [even, odd] = [start + n, start + n + half];
        const turnedRe = cos * re[odd]! + sin * im[odd]!;
        const turnedIm = cos * im[odd]! - sin * re[odd]!;
        re[odd] = re[even]! - turnedRe;
        im[odd] = im[even]! - turnedIm;
        re[even] = re[even]! + turnedRe;
        im[even] = im[even]! + turnedIm;
      }
    }
  }
  return re.map((value, bin) => Math.hypot(value, im[bin]!));
}
