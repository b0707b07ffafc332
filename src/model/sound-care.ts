/** What is done for a recording's sound, on request only. */
export interface SoundCare {
  /** Integrated loudness to bring it to, in LUFS (EBU R128); -40 to -8. */
  loudnessLufs?: number;
  /** Takes away the silence before and behind its sound. */
  trimSilence?: boolean;
  /** Takes away what lies below this frequency, in Hz; 20 to 1,000. */
  highPassHz?: number;
}

export const LOUDNESS_LUFS = { min: -40, max: -8 } as const;
export const HIGH_PASS_HZ = { min: 20, max: 1_000 } as const;
