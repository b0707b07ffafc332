import type { EncodeOptions } from "../audio/index.ts";
import type { Config } from "../config/index.ts";

/** What the config says of encoding. */
export const audioOptions = ({ audio }: Pick<Config, "audio">): EncodeOptions => ({
  bitRate: audio.bitrate * 1000,
  maxDurationMs: audio.maxDuration,
  requireSandbox: audio.requireSandbox,
});
