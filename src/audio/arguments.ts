import { type Reading, rawReading } from "./formats.ts";
import { OPUS_SAMPLE_RATE } from "./ogg.ts";
import { WAVEFORM_OUTPUT } from "./waveform.ts";

/**
 * How ffmpeg gets its standard input. `fd`: an open file, by the protocol for it, which came with version 6; `path`: the
 * same for older versions, which then may open files; `pipe`: as it comes.
 */
export type InputForm = "fd" | "path" | "pipe";

const INPUTS: Record<InputForm, { protocol: string; name: readonly string[] }> = {
  fd: { protocol: "fd", name: ["-fd", "0", "-i", "fd:"] },
  path: { protocol: "file", name: ["-i", "/proc/self/fd/0"] },
  pipe: { protocol: "pipe", name: ["-i", "pipe:0"] },
};

/** One demuxer, its decoders, one protocol, and nothing of the input but its sound. */
export function inputArguments(
  { demuxer, options = [], decoders }: Reading,
  form: InputForm,
): readonly string[] {
  const { protocol, name } = INPUTS[form];
  return [
    ...["-vn", "-sn", "-dn", "-threads", "1", "-protocol_whitelist", protocol],
    ...["-format_whitelist", demuxer, "-codec_whitelist", decoders.join(",")],
    ...["-f", demuxer, ...options, ...name],
  ];
}

/**
 * Samples one after another: containers round their times to milliseconds, and hostile ones say any. Without `round`,
 * one of a second at 8 kHz would be early after a minute.
 */
export const PLAIN_TIME = "asetpts=round(N/SR/TB)";

/**
 * Channels are mixed so that their sum fits. By itself ffmpeg does so for integers only: a stereo MP3 or M4A, which
 * decode to floating point, would come out 3 dB louder, and clipped.
 */
export const MONO = "aresample=rematrix_maxval=1,aformat=channel_layouts=mono";

const AT_48_KHZ = "aresample=48000";

const IN_LARGE_FRAMES = "asetnsamples=n=8192:p=0";

/**
 * The first sound, once for the clip and once for its waveform. One graph for both, whose second end gets large pieces,
 * costs a few per cent of the encoding; two graphs cost twelve.
 */
const graph = (filters: readonly string[]): string =>
  `[0:a:0]${plain(filters)},asplit[clip][copy];[copy]${IN_LARGE_FRAMES}[waveform]`;

const plain = (filters: readonly string[]): string => [...filters, PLAIN_TIME, MONO, AT_48_KHZ].join(",");

/** No tags, chapters, covers, subtitles or further streams. */
export const ONLY_SOUND = ["-map_metadata", "-1", "-map_chapters", "-1", "-vn", "-sn", "-dn"];

/** Else every few milliseconds of sound would wake this process. */
const IN_LARGE_PIECES = ["-flush_packets", "0"];

/** The first sound's packets as they are, in Ogg; no decoder touches them. */
export const REMUX_ARGUMENTS = ["-map", "0:a:0", ...ONLY_SOUND, "-c:a", "copy", "-f", "ogg", "pipe:1"];

/** Mono, 48 kHz: what MSC3245 asks for; complexity 10, because less is audible. */
const opusArguments = (bitRate: number): readonly string[] => [
  ...[...ONLY_SOUND, "-c:a", "libopus", "-b:a", String(bitRate), "-vbr", "on"],
  ...["-application", "voip", "-frame_duration", "20", "-compression_level", "10"],
  ...["-f", "ogg", "pipe:1"],
];

const WAVEFORM_ARGUMENTS = [
  ...["-map", "[waveform]", ...ONLY_SOUND, ...WAVEFORM_OUTPUT, ...IN_LARGE_PIECES, "pipe:3"],
];

/**
 * The clip on `pipe:1`, PCM for its waveform on `pipe:3`.
 *
 * @param filters what is done to the sound, for both
 */
export function outputArguments(bitRate: number, filters: readonly string[] = []): readonly string[] {
  return [
    ...["-filter_complex", graph(filters), "-map", "[clip]", ...opusArguments(bitRate)],
    ...WAVEFORM_ARGUMENTS,
  ];
}

/** The same, but for the encoding: PCM on `pipe:1` for {@link encoderArguments}. */
export function pcmArguments(filters: readonly string[]): readonly string[] {
  return [
    ...["-filter_complex", `[0:a:0]${plain(filters)},${IN_LARGE_FRAMES},asplit[pcm][waveform]`],
    ...["-map", "[pcm]", ...ONLY_SOUND, "-c:a", "pcm_s16le", "-f", "s16le", ...IN_LARGE_PIECES, "pipe:1"],
    ...WAVEFORM_ARGUMENTS,
  ];
}

/** PCM from standard input, mono at 48 kHz, to Opus on `pipe:1`. */
export const encoderArguments = (bitRate: number): readonly string[] => [
  ...inputArguments(rawReading({ coding: "s16le", sampleRate: OPUS_SAMPLE_RATE, channels: 1 })!, "pipe"),
  ...["-map", "0:a:0", ...opusArguments(bitRate)],
];
