import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";
import { type EncodeOptions, encodeVoice, type Measured, measure } from "../audio/index.ts";
import { toSottoError } from "../errors.ts";
import type { AudioSource, VoiceClip } from "../model/recording.ts";

/** A recording, and what would be sent of it. */
export interface Examined {
  /** What was found; loudness is that of the recording, before anything was done to it. */
  found: Measured;
  clip: VoiceClip;
  /** Loudness of the clip; undefined where that of the recording is. */
  clipLoudnessLufs?: number;
}

export interface ExamineOptions extends EncodeOptions {
  /** Told now and then which part of the work is done, where that is known, and how much of the recording that is. */
  onPart?: (part: number | undefined, durationMs: number) => void;
}

/**
 * Makes of a recording what `send` would, and says what both are. Needs no account.
 *
 * @throws what `encodeVoice` throws
 */
export async function examine(source: AudioSource, options: ExamineOptions = {}): Promise<Examined> {
  const { onPart, ...encodeOptions } = options;
  const leaving = new AbortController();
  const signal = AbortSignal.any([leaving.signal, ...(options.signal ? [options.signal] : [])]);
  const { raw, requireSandbox = false } = options;
  const limits = { signal, requireSandbox };
  const [toMeasure, toEncode] = twice(source);

  // of the measurement, which knows how far it is, and of the encoding, which takes longer
  let wholeMs: number | undefined;
  const found = measure(toMeasure, {
    ...limits,
    ...(raw && { raw }),
    onProgress(measuredMs, part) {
      if (part) wholeMs = measuredMs / part;
    },
  });
  found.catch(() => undefined); // what encoding says of it counts
  try {
    const encoding = encodeVoice(toEncode, {
      ...encodeOptions,
      signal,
      onProgress: (encodedMs) => onPart?.(wholeMs && Math.min(1, encodedMs / wholeMs), encodedMs),
    });
    const bytes = await buffer(encoding.chunks);
    const clip = { bytes, ...(await encoding.facts) };
    try {
      const { loudnessLufs } = await measure({ bytes }, limits);
      return {
        found: await found,
        clip,
        ...(loudnessLufs !== undefined && { clipLoudnessLufs: loudnessLufs }),
      };
    } catch (thrown) {
      // the one kind of recording that can be sent without ffmpeg; only its loudness stays unknown
      if (toSottoError(thrown).code === "FFMPEG_MISSING" && !clip.encodedBecause)
        return { found: OUR_KIND, clip };
      throw thrown;
    }
  } finally {
    leaving.abort();
    await found.catch(() => undefined);
  }
}

const OUR_KIND: Measured = { container: "ogg", codec: "opus", sampleRate: 48_000, channels: "mono" };

/** A stream is read by both at once, at the speed of the slower one. */
function twice(source: AudioSource): [AudioSource, AudioSource] {
  if (!("stream" in source)) return [source, source];
  const branches = [new PassThrough(), new PassThrough()] as const;
  for (const branch of branches) source.stream.pipe(branch);
  source.stream.once("error", (error) => {
    for (const branch of branches) branch.destroy(error);
  });
  return [{ stream: branches[0] }, { stream: branches[1] }];
}
