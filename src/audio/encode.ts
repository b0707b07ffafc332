import { SottoError } from "../errors.ts";
import type { AudioSource, VoiceClip } from "../model/recording.ts";
import { type FfmpegInput, type FfmpegLimits, runFfmpeg } from "./ffmpeg.ts";
import { openInput } from "./input.ts";
import { OggError, type OpusStream, opusDurationMs, readOpusStream } from "./ogg.ts";
import { writeOpusStream } from "./ogg-writer.ts";
import { repackVoice } from "./repack.ts";
import { WAVEFORM_OUTPUT, WaveformMeter } from "./waveform.ts";

export interface EncodeOptions extends FfmpegLimits {
  /**
   * The process ends with this recording. Then ffmpeg draws the waveform of one that is ready, where there is an
   * ffmpeg: it is done before a thread has started.
   */
  shortLived?: boolean;
}

/** Ogg Opus up to this size is repacked in memory; at 32 kbit/s these are two hours. */
const REPACK_MAX_BYTES = 32 * 1024 * 1024;

// What people record in. Playlists and other formats that name further files are left out: with them, a recording
// could pull a local file into the message.
const DEMUXERS = [
  ...["aac", "ac3", "aiff", "amr", "amrnb", "amrwb", "ape", "asf", "au", "caf", "eac3", "flac", "flv", "gsm"],
  ...["matroska", "mov", "mp3", "mpegts", "ogg", "tta", "w64", "wav", "wv"],
].join(",");

/** The first sound and nothing else of the input: no tags, chapters, covers, subtitles or further streams. */
const ONLY_SOUND = ["-map", "0:a:0", "-map_metadata", "-1", "-map_chapters", "-1", "-vn", "-sn", "-dn"];

/** Mono, 48 kHz, 32 kbit/s: what MSC3245 asks for with room above; complexity 10, because less is audible. */
const OPUS_OUTPUT = [
  ...["-c:a", "libopus", "-ac", "1", "-ar", "48000", "-b:a", "32k", "-vbr", "on"],
  ...["-application", "voip", "-frame_duration", "20", "-compression_level", "10"],
  ...["-fflags", "+bitexact", "-flags:a", "+bitexact", "-f", "ogg", "pipe:1"],
];

/**
 * Makes a clip of a recording in any format ffmpeg reads: Ogg Opus, mono, 48 kHz, without any metadata, with its
 * exact duration and its waveform. A recording that is such a stream already keeps its packets.
 *
 * The recording exists in memory and in pipes only, but for a file that the caller names.
 *
 * @throws SottoError `AUDIO_UNREADABLE`, `AUDIO_EMPTY`, `AUDIO_NOT_AUDIO`, `FFMPEG_MISSING`, `FFMPEG_FAILED`; the
 *   signal's reason; an error of the source's stream as it is
 */
export async function encodeVoice(source: AudioSource, options: EncodeOptions = {}): Promise<VoiceClip> {
  options.signal?.throwIfAborted();
  const input = await openInput(source, options.signal);
  try {
    if (input.format.codec === "opus") {
      const whole = await input.readWhole(REPACK_MAX_BYTES);
      const clip = whole && (await repackVoice(whole, options));
      if (clip) return clip;
    }
    return await transcode(await input.forFfmpeg(), options);
  } finally {
    await input.close();
  }
}

/** One ffmpeg, two outputs, both drained at once: the clip, and PCM for the waveform. */
async function transcode(input: FfmpegInput, limits: FfmpegLimits): Promise<VoiceClip> {
  const pages: Buffer[] = [];
  const meter = new WaveformMeter();
  await runFfmpeg({
    ...limits,
    args: [
      ...["-format_whitelist", DEMUXERS],
      // /dev/fd works in every version and can seek; the fd protocol came with version 6
      ...("fd" in input
        ? ["-protocol_whitelist", "file", "-i", "/dev/fd/0"]
        : ["-protocol_whitelist", "pipe", "-i", "pipe:0"]),
      ...ONLY_SOUND,
      ...OPUS_OUTPUT,
      ...ONLY_SOUND,
      ...[...WAVEFORM_OUTPUT, "pipe:3"],
    ],
    input,
    onStdout: (chunk) => pages.push(chunk),
    onPipe3: (chunk) => meter.addS16le(chunk),
  });
  const stream = readEncoded(Buffer.concat(pages), meter.samples);
  return { bytes: writeOpusStream(stream), durationMs: opusDurationMs(stream), waveform: meter.points() };
}

function readEncoded(ogg: Uint8Array, waveformSamples: number): OpusStream {
  try {
    return readOpusStream(ogg);
  } catch (error) {
    if (!(error instanceof OggError)) throw error;
    if (waveformSamples === 0) throw new SottoError("AUDIO_EMPTY", "the recording holds no sound");
    throw new SottoError("FFMPEG_FAILED", "ffmpeg did not write a whole Ogg Opus stream", { cause: error });
  }
}
