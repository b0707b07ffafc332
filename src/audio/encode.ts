import { SottoError } from "../errors.ts";
import type { AudioSource, VoiceClip } from "../model/recording.ts";
import { repackVoice } from "./fast-path.ts";
import { type FfmpegInput, type FfmpegLimits, runFfmpeg } from "./ffmpeg.ts";
import { openInput } from "./input.ts";
import { opusDurationMs, readOpusStream } from "./ogg.ts";
import { writeOpusStream } from "./ogg-writer.ts";
import { WAVEFORM_SAMPLE_RATE, WaveformMeter } from "./waveform.ts";

export type EncodeOptions = FfmpegLimits;

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

const WAVEFORM_OUTPUT = [
  ...["-c:a", "pcm_s16le", "-ac", "1", "-ar", String(WAVEFORM_SAMPLE_RATE), "-f", "s16le", "pipe:3"],
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
  await using input = await openInput(source);
  if (input.format.codec === "opus") {
    const whole = await input.readWhole(REPACK_MAX_BYTES);
    const clip = whole && (await repackVoice(whole, options.signal));
    if (clip) return clip;
  }
  // awaited here: the input must stay open until ffmpeg has ended
  return await transcode(await input.forFfmpeg(), options);
}

/** One ffmpeg, two outputs, both drained at once: the clip, and PCM for the waveform. */
async function transcode(input: FfmpegInput, limits: FfmpegLimits): Promise<VoiceClip> {
  const pages: Buffer[] = [];
  const meter = new WaveformMeter();
  await runFfmpeg({
    ...limits,
    args: [
      ...["-hide_banner", "-nostdin", "-v", "error", "-format_whitelist", DEMUXERS],
      // /dev/fd works in every version and can seek; the fd protocol came with version 6
      ...("fd" in input
        ? ["-protocol_whitelist", "file", "-i", "/dev/fd/0"]
        : ["-protocol_whitelist", "pipe", "-i", "pipe:0"]),
      ...ONLY_SOUND,
      ...OPUS_OUTPUT,
      ...ONLY_SOUND,
      ...WAVEFORM_OUTPUT,
    ],
    input,
    onStdout: (chunk) => pages.push(chunk),
    onPipe3: (chunk) => meter.addS16le(chunk),
  });
  if (meter.samples === 0) throw new SottoError("AUDIO_EMPTY", "the recording holds no sound");
  const stream = readOpusStream(Buffer.concat(pages));
  return { bytes: writeOpusStream(stream), durationMs: opusDurationMs(stream), waveform: meter.points() };
}
