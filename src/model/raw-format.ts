/** Samples of one size one behind the other; little or big endian. */
export const SAMPLE_CODINGS = [
  ...["u8", "s8", "s16le", "s16be", "s24le", "s24be", "s32le", "s32be", "f32le", "f32be", "f64le", "f64be"],
  ...["alaw", "mulaw"],
] as const;

/** Codings that have one rate, in Hz, and one channel: GSM 06.10 and G.722. */
export const FIXED_RATES = { gsm: 8000, g722: 16_000 } as const;

export const RAW_CODINGS: readonly string[] = [...SAMPLE_CODINGS, ...Object.keys(FIXED_RATES)];

/** Sound without any header: what it is must be said. */
export interface RawFormat {
  /** One of {@link RAW_CODINGS}. */
  coding: string;
  /** Hz, from 1,000 to 192,000. */
  sampleRate: number;
  /** 1 to 8 */
  channels: number;
}

const MIN_RATE = 1000;
const MAX_RATE = 192_000;
const MAX_CHANNELS = 8;

/** Whether there is such a format. */
export function isRawFormat({ coding, sampleRate, channels }: RawFormat): boolean {
  if (Object.hasOwn(FIXED_RATES, coding))
    return sampleRate === FIXED_RATES[coding as keyof typeof FIXED_RATES] && channels === 1;
  return (
    RAW_CODINGS.includes(coding) &&
    isWhole(sampleRate, MIN_RATE, MAX_RATE) &&
    isWhole(channels, 1, MAX_CHANNELS)
  );
}

/** Of sound in this format; 33 bytes of GSM 06.10 are 20 ms, and G.722 has 64 kbit/s. */
export function rawBytesPerSecond({ coding, sampleRate, channels }: RawFormat): number {
  if (coding === "gsm") return 33 * 50;
  if (coding === "g722") return 8000;
  return (Number(/\d+/.exec(coding)?.[0] ?? 8) / 8) * sampleRate * channels;
}

/**
 * Reads `s16le:8000:1`: coding, rate in Hz, channels.
 *
 * @returns undefined when it is none
 */
export function parseRawFormat(text: string): RawFormat | undefined {
  const [, coding = "", rate, channels] = /^(\w+):(\d{4,6}):(\d)$/.exec(text) ?? [];
  const format = { coding, sampleRate: Number(rate), channels: Number(channels) };
  return isRawFormat(format) ? format : undefined;
}

const isWhole = (value: number, least: number, most: number): boolean =>
  Number.isInteger(value) && value >= least && value <= most;
