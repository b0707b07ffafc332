import { open } from "node:fs/promises";
import { SottoError } from "../errors.ts";
import { HIGH_PASS_HZ, LOUDNESS_LUFS, type SoundCare } from "../model/sound-care.ts";
import type { FfmpegInput, FfmpegLimits } from "./ffmpeg.ts";
import type { Reading } from "./formats.ts";
import { listen } from "./measure.ts";

/** Sound care as ffmpeg gets it. */
export interface Treatment {
  /** A chain of filters for each output; without any, nothing. */
  filters: readonly string[];
  /** Silence at the end is what stays below it, in dB of full scale, when the filters are done. */
  trimBelowDb?: number;
}

/** As quiet as a quiet room; a bad telephone line is louder. */
const SILENCE_DB = -50;
/** So that the first sound does not begin with a click. */
const KEPT_BEFORE_S = 0.1;
/** What is quieter is noise for the most part. */
const MAX_GAIN_DB = 40;
/** Of full scale: a codec overshoots, the more the fewer bits it has, and must not clip. */
const peakFor = (bitRate = 32_000): number => (bitRate < 24_000 ? 0.5 : 0.63);

export const asksFor = ({ loudnessLufs, trimSilence, highPassHz }: SoundCare): boolean =>
  loudnessLufs !== undefined || trimSilence === true || highPassHz !== undefined;

/** Throws `USAGE` for what cannot be done; nothing else than numbers within their bounds gets into a filter. */
export function requirePossible({ loudnessLufs, highPassHz }: SoundCare): void {
  requireWithin("the loudness", loudnessLufs, LOUDNESS_LUFS, "LUFS");
  requireWithin("the high-pass", highPassHz, HIGH_PASS_HZ, "Hz");
}

function requireWithin(
  what: string,
  value: number | undefined,
  { min, max }: { min: number; max: number },
  unit: string,
): void {
  if (value === undefined || (Number.isFinite(value) && value >= min && value <= max)) return;
  throw new SottoError("USAGE", `${what} cannot be ${value} ${unit}`, {
    cure: `give a number from ${min} to ${max}`,
  });
}

/**
 * What is to be done to one recording. For loudness it is listened to first, to its end: one gain for all of it keeps
 * loud and quiet words apart as they were spoken, and a limiter keeps the peaks below full scale.
 *
 * @param input an open file, when loudness is asked for; it is left at its beginning
 */
export async function treatmentFor(
  care: SoundCare,
  input: FfmpegInput,
  reading: Reading,
  { bitRate, signal, timeLimitMs, requireSandbox }: FfmpegLimits & { bitRate?: number },
): Promise<Treatment> {
  if (!asksFor(care)) return { filters: [] };
  const { loudnessLufs, trimSilence, highPassHz } = care;
  const filters = [
    // what is sent is mono: its loudness counts
    "aformat=sample_rates=48000:channel_layouts=mono",
    ...(highPassHz === undefined ? [] : [`highpass=f=${highPassHz}`]),
    ...(trimSilence
      ? [`silenceremove=start_periods=1:start_threshold=${SILENCE_DB}dB:start_silence=${KEPT_BEFORE_S}`]
      : []),
  ];
  let gainDb = 0;
  if (loudnessLufs !== undefined) {
    const measured = await loudnessOf(input, reading, filters, { signal, timeLimitMs, requireSandbox });
    gainDb = measured === undefined ? 0 : Math.min(MAX_GAIN_DB, loudnessLufs - measured);
    filters.push(
      `volume=${gainDb.toFixed(2)}dB`,
      `alimiter=limit=${peakFor(bitRate)}:level=disabled:attack=2:release=20:latency=1`,
    );
  }
  return { filters, ...(trimSilence && { trimBelowDb: SILENCE_DB + gainDb }) };
}

/** Undefined for silence, and for what is too short to be measured. */
async function loudnessOf(
  input: FfmpegInput,
  reading: Reading,
  filters: readonly string[],
  limits: FfmpegLimits,
): Promise<number | undefined> {
  if (!("fd" in input)) throw new Error("only what can be read twice can be measured first");
  // opened anew, it has a position of its own; and a file in memory has no other name
  const again = await open(`/proc/self/fd/${input.fd}`);
  try {
    return (await listen({ fd: again.fd }, reading, { ...limits, filters })).loudnessLufs;
  } finally {
    await again.close();
  }
}
