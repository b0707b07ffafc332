import { OggError, opusDurationMs, readOpusStream } from "./ogg.ts";
import { type AudioFormat, sniffAudio } from "./sniff.ts";

/** What a received recording is, by its own bytes. */
export interface VoiceProbe extends AudioFormat {
  /** Exact; absent unless the recording is one sane Ogg Opus stream. */
  durationMs?: number;
}

/** Looks at a received recording without decoding it. */
export function probeVoice(bytes: Uint8Array): VoiceProbe {
  const format = sniffAudio(bytes);
  if (format.codec !== "opus") return format;
  try {
    return { ...format, durationMs: opusDurationMs(readOpusStream(bytes)) };
  } catch (error) {
    if (error instanceof OggError) return format;
    throw error;
  }
}
