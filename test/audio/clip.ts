import { buffer } from "node:stream/consumers";
import { type EncodeOptions, encodeVoice } from "../../src/audio/index.ts";
import type { AudioSource, VoiceClip } from "../../src/model/recording.ts";

/** The whole clip, in memory. */
export async function clipOf(source: AudioSource, options?: EncodeOptions): Promise<VoiceClip> {
  const { chunks, facts } = encodeVoice(source, options);
  return { bytes: await buffer(chunks), ...(await facts) };
}
