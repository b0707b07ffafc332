import type { Reading } from "./formats.ts";
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

/**
 * The first sound, once for the clip and once for its waveform. One graph for both, whose second end gets large pieces,
 * costs a few per cent of the encoding; two graphs cost twelve.
 */
const graph = (filters: readonly string[]): string =>
  `[0:a:0]${[...filters, PLAIN_TIME, MONO, AT_48_KHZ].join(",")},asplit[clip][copy];[copy]asetnsamples=n=8192:p=0[waveform]`;

/** No tags, chapters, covers, subtitles or further streams. */
export const ONLY_SOUND = ["-map_metadata", "-1", "-map_chapters", "-1", "-vn", "-sn", "-dn"];

/** Else every few milliseconds of sound would wake this process. */
const IN_LARGE_PIECES = ["-flush_packets", "0"];

/** The first sound's packets as they are, in Ogg; no decoder touches them. */
export const REMUX_ARGUMENTS = ["-map", "0:a:0", ...ONLY_SOUND, "-c:a", "copy", "-f", "ogg", "pipe:1"];

/**
 * The clip on `pipe:1`, PCM for its waveform on `pipe:3`. Mono, 48 kHz: what MSC3245 asks for; complexity 10, because
 * less is audible.
 *
 * @param filters what is done to the sound, for both
 */
export function outputArguments(bitRate: number, filters: readonly string[] = []): readonly string[] {
  return [
    ...["-filter_complex", graph(filters)],
    ...["-map", "[clip]", ...ONLY_SOUND],
    ...["-c:a", "libopus", "-b:a", String(bitRate), "-vbr", "on"],
    ...["-application", "voip", "-frame_duration", "20", "-compression_level", "10"],
    ...["-f", "ogg", "pipe:1"],
    ...["-map", "[waveform]", ...ONLY_SOUND],
    ...[...WAVEFORM_OUTPUT, ...IN_LARGE_PIECES, "pipe:3"],
  ];
}
