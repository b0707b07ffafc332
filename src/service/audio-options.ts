import type { EncodeOptions } from "../audio/index.ts";
import type { Config } from "../config/index.ts";
import type { SoundCare } from "../model/sound-care.ts";

/** What the config says of encoding. */
export const audioOptions = ({ audio }: Pick<Config, "audio">): EncodeOptions => ({
  bitRate: audio.bitrate * 1000,
  maxDurationMs: audio.maxDuration,
  requireSandbox: audio.requireSandbox,
  care: {
    trimSilence: audio.trimSilence,
    ...(audio.loudness !== undefined && { loudnessLufs: audio.loudness }),
    ...(audio.highPass !== undefined && { highPassHz: audio.highPass }),
  },
});

/** The same, but as one recording asks for it. */
export const withCare = (options: EncodeOptions, care: SoundCare = {}): EncodeOptions => ({
  ...options,
  care: { ...options.care, ...care },
});
