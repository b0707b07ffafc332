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
export const PLAIN_TIME = ["-af", "asetpts=round(N/SR/TB)"];

/** The first sound and nothing else: no tags, chapters, covers, subtitles or further streams. */
export const ONLY_SOUND = [
  "-map",
  "0:a:0",
  "-map_metadata",
  "-1",
  "-map_chapters",
  "-1",
  "-vn",
  "-sn",
  "-dn",
];

/** Packets as they are, in Ogg; no decoder touches them. */
export const REMUX_ARGUMENTS = [...ONLY_SOUND, "-c:a", "copy", "-f", "ogg", "pipe:1"];

/**
 * The clip on `pipe:1`, PCM for its waveform on `pipe:3`. Mono, 48 kHz: what MSC3245 asks for; complexity 10, because
 * less is audible.
 */
export function outputArguments(bitRate: number): readonly string[] {
  return [
    ...ONLY_SOUND,
    ...PLAIN_TIME,
    ...["-c:a", "libopus", "-ac", "1", "-ar", "48000", "-b:a", String(bitRate), "-vbr", "on"],
    ...["-application", "voip", "-frame_duration", "20", "-compression_level", "10"],
    ...["-f", "ogg", "pipe:1"],
    ...ONLY_SOUND,
    ...PLAIN_TIME,
    ...[...WAVEFORM_OUTPUT, "pipe:3"],
  ];
}
